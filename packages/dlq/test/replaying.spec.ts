import { decodeDoneMap, ORIGIN_HEADERS } from '@kafka-worker/engine';
import { describe, expect, it } from '@jest/globals';
import { replayDeadLetters, replayGroupId, REPLAYED_FROM_HEADER, type ReplayEvent } from '../src/index.js';
import { FAILED_AT, letter, letters } from './support/letters.js';
import { DLQ, DlqWorld } from './support/world.js';

const GROUP = replayGroupId(DLQ);

describe('a dry run', () => {
  it('is what happens unless it is told otherwise: sends nothing, commits nothing, says what it would do', async () => {
    const world = new DlqWorld({ partitions: 2 });
    world.cluster.produce([
      ...letters(DLQ, 3),
      ...letters(DLQ, 2, { at: 1, from: { partition: 1 } }),
      letter(DLQ, { from: { topic: 'gone' } }),
      { topic: DLQ, partition: 0, value: 'foreign' },
    ]);
    const report = await world.clock.runUntil(
      replayDeadLetters({ driver: world.cluster.driver(), topic: DLQ, clock: world.clock }),
    );
    expect(report).toMatchObject({
      dryRun: true,
      outcome: 'complete',
      totals: { read: 7, matched: 7, sent: 5, topicMissing: 1, foreign: 1, alreadyReplayed: 0 },
      targets: [
        { topic: 'orders', partition: 0, records: 3 },
        { topic: 'orders', partition: 1, records: 2 },
      ],
      problems: [{ type: 'topic-missing', topic: 'gone', records: 1 }],
    });
    expect(world.values()).toEqual([]);
    expect(world.cluster.commits).toEqual([]);
    expect(world.cluster.group(GROUP).generation).toBe(0);
    expect(world.clock.pending).toBe(0);
  });

  it('knows what has been replayed', async () => {
    const world = new DlqWorld();
    world.cluster.produce(letters(DLQ, 5));
    await world.replay({ filter: { offsets: { from: 1, to: 2 } } });
    const report = await world.replay({ dryRun: true });
    expect(report.totals).toMatchObject({ sent: 3, alreadyReplayed: 2 });
  });
});

describe('a replay', () => {
  it('sends the same bytes and headers to the same partition, without ours, and says from where', async () => {
    const world = new DlqWorld({ origin: 3 });
    const headers = { trace: Buffer.from([0, 255]), many: [Buffer.from('a'), Buffer.from('b')] };
    world.cluster.produce(
      letter(DLQ, { from: { partition: 2, offset: 9 }, key: Buffer.from([1, 254]), value: null, headers }),
    );
    const report = await world.replay();
    expect(report).toMatchObject({ outcome: 'complete', totals: { sent: 1 }, problems: [] });
    const [record] = world.cluster.records('orders', 2);
    expect(record).toMatchObject({ key: Buffer.from([1, 254]), value: null });
    expect(record?.headers).toEqual({ ...headers, [REPLAYED_FROM_HEADER]: expect.anything() });
    expect(String(record?.headers[REPLAYED_FROM_HEADER])).toBe(`${DLQ}/0/0`);
    for (const name of Object.values(ORIGIN_HEADERS)) expect(record?.headers).not.toHaveProperty(name);
  });

  it('goes by key where the origin has fewer partitions than it had', async () => {
    const world = new DlqWorld({ origin: 2 });
    world.cluster.produce(
      Array.from({ length: 8 }, (_, n) =>
        letter(DLQ, { key: `k${n % 2}`, value: `k${n % 2}`, from: { partition: 5, offset: n } }),
      ),
    );
    const { targets } = await world.replay();
    expect(world.values()).toHaveLength(8);
    const homes = [0, 1].map((partition) => new Set(world.values('orders', partition)));
    expect(homes.map(({ size }) => size).reduce((a, b) => a + b)).toBe(2);
    expect(targets.map(({ records }) => records).reduce((a, b) => a + b)).toBe(8);
  });

  it('keeps the order of each origin partition, also over the partitions of the dead-letter topic', async () => {
    const world = new DlqWorld({ partitions: 3 });
    const all = Array.from({ length: 600 }, (_, i) => {
      const [n, partition] = [i >> 1, i % 2];
      return letter(DLQ, {
        at: (n * 7 + partition) % 3,
        from: { partition, offset: n },
        value: `${partition}:${n}`,
        failedAt: FAILED_AT + Math.floor(n / 10),
      });
    });
    world.cluster.produce(all);
    await world.replay();
    for (const partition of [0, 1]) {
      expect(world.values('orders', partition)).toEqual(Array.from({ length: 300 }, (_, n) => `${partition}:${n}`));
    }
  });

  it('keeps the order of a partition whatever the clocks of those who wrote it said', async () => {
    const world = new DlqWorld({ partitions: 2 });
    const times = [50, 10, 60, 20, 5];
    world.cluster.produce([
      ...times.map((ms, n) => letter(DLQ, { from: { offset: n }, value: `0:${n}`, failedAt: FAILED_AT + ms })),
      ...letters(DLQ, 3, { at: 1, from: { partition: 1 } }),
    ]);
    await world.replay();
    expect(world.values('orders', 0)).toEqual(['0:0', '0:1', '0:2', '0:3', '0:4']);
  });

  it('takes what stood there when it began', async () => {
    const world = new DlqWorld();
    world.cluster.produce(letters(DLQ, 250));
    const late = { topic: DLQ, partition: 0, value: 'late', headers: letter(DLQ).headers ?? {} };
    let told = 0;
    await world.replay({
      onProgress: ({ type }) => void (type === 'sent' && told++ === 0 && world.cluster.produce(late)),
    });
    expect(world.values()).toHaveLength(250);
    await world.replay();
    expect(world.values().at(-1)).toBe('late');
  });

  it('does nothing a second time, and runs with different filters add up', async () => {
    const world = new DlqWorld();
    world.cluster.produce(letters(DLQ, 40));
    const sent = async (from: number, to: number) =>
      (await world.replay({ filter: { offsets: { from, to } } })).totals.sent;
    expect(await sent(10, 19)).toBe(10);
    expect(await sent(15, 24)).toBe(5);
    expect(await sent(10, 24)).toBe(0);
    expect((await world.replay()).totals).toMatchObject({ sent: 25, alreadyReplayed: 15 });
    expect((await world.replay()).totals.sent).toBe(0);
    expect(world.values().sort()).toEqual(Array.from({ length: 40 }, (_, n) => `0:${n}`).sort());
  });

  it('keeps what it has replayed as the engine keeps what is done', async () => {
    const world = new DlqWorld();
    world.cluster.produce(letters(DLQ, 40));
    await world.replay({ filter: { offsets: { to: 4 } } });
    await world.replay({ filter: { offsets: { from: 10, to: 19 } } });
    const stored = world.cluster.committed(GROUP, DLQ, 0);
    expect(stored?.offset).toBe(5);
    expect(decodeDoneMap(stored?.metadata ?? '', 5, 40)).toEqual({ ok: true, ranges: [{ from: 10, to: 20 }] });
    await world.replay();
    expect(world.cluster.committed(GROUP, DLQ, 0)).toMatchObject({ offset: 40, metadata: '' });
  });

  it('passes gaps of compaction and transactions, and forgets nothing over them', async () => {
    const world = new DlqWorld();
    for (let n = 0; n < 6; n++) {
      world.cluster.produce(letter(DLQ, { value: String(n), from: { offset: n } }));
      world.cluster.skipOffsets(DLQ, 0, 3);
    }
    await world.replay({ filter: { offsets: { from: 8, to: 16 } } });
    expect(world.values()).toEqual(['2', '3', '4']);
    const report = await world.replay();
    expect(world.values()).toEqual(['2', '3', '4', '0', '1', '5']);
    expect(report).toMatchObject({ outcome: 'complete', problems: [], partitions: [{ silentFrom: 21, frontier: 21 }] });
  });

  it('sends what was sent before when it is told to', async () => {
    const world = new DlqWorld();
    world.cluster.produce(letters(DLQ, 3));
    await world.replay();
    expect((await world.replay({ again: true, filter: { offsets: { from: 1, to: 1 } } })).totals.sent).toBe(1);
    expect(world.values()).toEqual(['0:0', '0:1', '0:2', '0:1']);
    expect((await world.replay()).totals.sent).toBe(0);
  });

  it('sends no more than the limit, those that were given up on first', async () => {
    const world = new DlqWorld({ partitions: 2 });
    world.cluster.produce([
      ...letters(DLQ, 200, { at: 1, failedAt: FAILED_AT + 5 }),
      ...letters(DLQ, 200, { from: { partition: 1 } }),
    ]);
    const report = await world.replay({ limit: 150, filter: { fromPartition: 1 } });
    expect(report).toMatchObject({ outcome: 'limit', totals: { sent: 150 } });
    expect(world.values('orders', 1)).toEqual(Array.from({ length: 150 }, (_, n) => `1:${n}`));
    expect((await world.replay({ limit: 500 })).totals.sent).toBe(250);
  });

  it('reports foreign records and leaves them, unless a topic is named for everything', async () => {
    const world = new DlqWorld();
    world.cluster.createTopic('parked', 1);
    world.cluster.produce([{ topic: DLQ, value: 'foreign', headers: { own: 'x' } }, letter(DLQ, { value: 'ours' })]);
    const events: ReplayEvent[] = [];
    const first = await world.replay({ onProgress: (event) => events.push(event) });
    expect(first).toMatchObject({ totals: { sent: 1, foreign: 1 }, problems: [] });
    expect(events).toContainEqual(expect.objectContaining({ type: 'left', reason: 'foreign' }));
    expect((await world.replay()).totals).toMatchObject({ sent: 0, foreign: 1 });
    expect((await world.replay({ to: 'parked' })).totals).toMatchObject({ sent: 1, foreign: 0 });
    expect(world.values('parked')).toEqual(['foreign']);
    expect((await world.replay({ to: 'parked' })).totals.sent).toBe(0);
  });

  it('names an origin that is missing, sends the rest, and finds the others when it is there', async () => {
    const world = new DlqWorld();
    world.cluster.produce([
      letter(DLQ, { value: 'a', from: { topic: 'gone' } }),
      letter(DLQ, { value: 'b' }),
      letter(DLQ, { value: 'c', from: { topic: 'gone', offset: 1 } }),
    ]);
    const report = await world.replay();
    expect(report).toMatchObject({ outcome: 'complete', totals: { sent: 1, topicMissing: 2 } });
    expect(report.problems).toMatchObject([{ type: 'topic-missing', topic: 'gone', records: 2 }]);
    expect(report.problems[0]?.message).toContain('gone');
    world.cluster.createTopic('gone', 1);
    expect(await world.replay()).toMatchObject({ totals: { sent: 2 }, problems: [] });
    expect(world.values('gone')).toEqual(['a', 'c']);
  });

  it('keeps to the rate', async () => {
    const world = new DlqWorld();
    world.cluster.produce(letters(DLQ, 60));
    const times: number[] = [];
    await world.replay({
      ratePerSecond: 20,
      onProgress: (event) => void (event.type === 'sent' && times.push(...event.letters.map(() => world.clock.now()))),
    });
    expect(times).toHaveLength(60);
    const first = times[0] as number;
    // No second has more than twenty, and no time is wasted.
    times.forEach((at, i) => expect(at - first).toBeGreaterThanOrEqual(Math.floor(i / 2) * 100));
    expect((times.at(-1) as number) - first).toBeLessThan(3_100);
  });

  it('tells each request with its place in the log, and the sums so far', async () => {
    const world = new DlqWorld();
    world.cluster.produce(letters(DLQ, 5));
    const sent: ReplayEvent[] = [];
    const listener = (event: ReplayEvent): void => {
      if (event.type === 'sent') sent.push(event);
      throw new Error('a listener that throws');
    };
    await world.replay({ requestRecords: 2, onProgress: listener });
    expect(
      sent.map((event) => [event.totals.sent, event.type === 'sent' && event.letters.map(({ to }) => to.offset)]),
    ).toEqual([
      [2, [0, 1]],
      [4, [2, 3]],
      [5, [4]],
    ]);
  });

  it('goes on from the start of what retention has left', async () => {
    const world = new DlqWorld();
    world.cluster.produce(letters(DLQ, 10));
    await world.replay({ filter: { offsets: { to: 1 } } });
    world.cluster.deleteRecordsBefore(DLQ, 0, 6);
    expect((await world.replay()).totals.sent).toBe(4);
    expect(world.cluster.committed(GROUP, DLQ, 0)?.offset).toBe(10);
  });

  it('refuses options that cannot be meant, and a topic that is not there', async () => {
    const world = new DlqWorld();
    const wrong = world.replay({ limit: 0, requestRecords: 1.5, ratePerSecond: -1, to: DLQ });
    await expect(wrong).rejects.toMatchObject({ code: 'CONFIGURATION' });
    await wrong.catch((error: { mistakes: { option: string }[] }) =>
      expect(error.mistakes.map(({ option }) => option)).toEqual(['limit', 'requestRecords', 'ratePerSecond', 'to']),
    );
    await expect(world.replay({ topic: 'nowhere' })).rejects.toMatchObject({ code: 'TOPIC_MISSING' });
    expect(world.clock.pending).toBe(0);
  });

  it('leaves nothing behind', async () => {
    const world = new DlqWorld({ partitions: 3 });
    world.cluster.produce(letters(DLQ, 250));
    await world.replay();
    expect(world.cluster.consumers()).toEqual([]);
    expect(world.clock.pending).toBe(0);
  });
});
