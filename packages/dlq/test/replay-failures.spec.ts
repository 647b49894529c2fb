import { CommitError, decodeDoneMap, KafkaWorkerError } from '@kafka-worker/engine';
import { deferred } from '@kafka-worker/testing';
import { describe, expect, it } from '@jest/globals';
import { replayDeadLetters, replayGroupId } from '../src/index.js';
import { letter, letters } from './support/letters.js';
import { never, refusal, steered } from './support/steered-driver.js';
import { DLQ, DlqWorld } from './support/world.js';

const GROUP = replayGroupId(DLQ);

/** How often each value stands in the origin. */
function times(world: DlqWorld): Map<string, number> {
  const counts = new Map<string, number>();
  for (const value of world.values()) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}

function twice(world: DlqWorld): number {
  return [...times(world).values()].reduce((sum, count) => sum + count - 1, 0);
}

describe('killed in the middle', () => {
  it.each([
    ['after a request was sent and before it was noted', 'commit'],
    ['while a request is under way', 'send'],
  ] as const)('%s: the next run sends every one, and at most one request twice', async (_, where) => {
    const world = new DlqWorld({ partitions: 2 });
    world.cluster.produce([...letters(DLQ, 100), ...letters(DLQ, 100, { at: 1, from: { partition: 1 } })]);
    let commits = 0;
    let sends = 0;
    const driver = steered(world.cluster.driver(), {
      beforeCommit: () => (where === 'commit' && ++commits === 4 ? never() : undefined),
      afterSend: () => (where === 'send' && ++sends > 57 ? never() : undefined),
    });
    void world.startReplay({ driver, requestRecords: 10 });
    await world.clock.advance(1_000);
    const [killed] = world.cluster.consumers(GROUP);
    world.cluster.crash(killed?.memberId ?? '');
    const before = world.values().length;
    expect(before).toBeGreaterThanOrEqual(40);
    expect(before).toBeLessThan(200);
    const report = await world.replay({ requestRecords: 10 });
    expect(report).toMatchObject({ outcome: 'complete', problems: [] });
    expect(times(world).size).toBe(200);
    expect(twice(world)).toBeGreaterThan(0);
    expect(twice(world)).toBeLessThanOrEqual(10);
    expect((await world.replay()).totals.sent).toBe(0);
  });
});

describe('told to stop', () => {
  it('finishes the request under way, notes it, and says where it stands', async () => {
    const world = new DlqWorld();
    world.cluster.produce(letters(DLQ, 100));
    const stop = new AbortController();
    const held = deferred();
    const driver = steered(world.cluster.driver(), {
      beforeSend: ({ value }) => (String(value) === '0:35' ? held.promise : undefined),
    });
    const running = world.startReplay({ driver, requestRecords: 10, signal: stop.signal });
    await world.clock.advance(100);
    stop.abort();
    await world.clock.advance(100);
    held.resolve();
    const report = await world.clock.runUntil(running);
    expect(report).toMatchObject({ outcome: 'stopped', totals: { sent: 40 }, problems: [] });
    expect(report.partitions).toMatchObject([{ partition: 0, end: 100, frontier: 40 }]);
    expect(world.cluster.committed(GROUP, DLQ, 0)?.offset).toBe(40);
    expect((await world.replay()).totals.sent).toBe(60);
    expect(twice(world)).toBe(0);
  });

  it('does not wait for the pace', async () => {
    const world = new DlqWorld();
    world.cluster.produce(letters(DLQ, 10));
    const stop = new AbortController();
    const running = world.startReplay({ ratePerSecond: 0.001, signal: stop.signal });
    await world.clock.advance(5_000);
    stop.abort();
    const before = world.clock.now();
    expect(await world.clock.runUntil(running)).toMatchObject({ outcome: 'stopped', totals: { sent: 1 } });
    expect(world.clock.now() - before).toBeLessThan(1_000);
  });

  it('before it begins', async () => {
    const world = new DlqWorld();
    world.cluster.produce(letters(DLQ, 10));
    expect(await world.replay({ signal: AbortSignal.abort() })).toMatchObject({
      outcome: 'stopped',
      totals: { sent: 0 },
    });
    expect(world.values()).toEqual([]);
  });
});

describe('a record that the broker refuses', () => {
  it('is named and left, and takes nothing along that shared its request', async () => {
    const world = new DlqWorld();
    world.cluster.produce(letters(DLQ, 30));
    // As a driver does: what is sent in one turn stands or falls together.
    let request: { readonly values: string[]; readonly goes: Promise<void> } | undefined;
    const gathering = () => ({
      values: [],
      goes: new Promise<void>((resolve) =>
        world.clock.setTimer(() => {
          request = undefined;
          resolve();
        }, 0),
      ),
    });
    const driver = steered(world.cluster.driver(), {
      beforeSend: async ({ value }) => {
        const mine = (request ??= gathering());
        mine.values.push(String(value));
        await mine.goes;
        if (mine.values.includes('0:13')) throw refusal();
      },
    });
    const report = await world.replay({ driver, requestRecords: 10 });
    expect(report).toMatchObject({ outcome: 'complete', totals: { sent: 29, refused: 1 } });
    expect(report.problems).toMatchObject([{ type: 'refused', topic: 'orders', first: { partition: 0, offset: 13 } }]);
    expect(twice(world)).toBe(0);
    const stored = world.cluster.committed(GROUP, DLQ, 0);
    expect(decodeDoneMap(stored?.metadata ?? '', stored?.offset ?? 0, 30)).toMatchObject({
      ranges: [{ from: 14, to: 30 }],
    });
    expect(stored?.offset).toBe(13);
    expect((await world.replay()).totals.sent).toBe(1);
  });
});

describe('a send whose outcome is not known', () => {
  it('ends the run, is named, and is sent again by the next', async () => {
    const world = new DlqWorld();
    world.cluster.produce(letters(DLQ, 30));
    let sends = 0;
    const driver = steered(world.cluster.driver(), {
      afterSend: () => {
        if (++sends === 15) throw new KafkaWorkerError('SEND_FAILED', 'no answer', { canRetry: true });
      },
    });
    const report = await world.replay({ driver, requestRecords: 10 });
    expect(report).toMatchObject({ outcome: 'failed', totals: { sent: 19 } });
    expect(report.problems).toMatchObject([{ type: 'send-failed', records: [{ partition: 0, offset: 14 }] }]);
    expect((await world.replay()).totals.sent).toBe(11);
    expect(times(world).get('0:14')).toBe(2);
    expect(twice(world)).toBe(1);
  });
});

describe('a commit', () => {
  it('that fails is tried again', async () => {
    const world = new DlqWorld();
    world.cluster.produce(letters(DLQ, 30));
    world.cluster.faults.commit({ times: 2 });
    world.cluster.faults.commit({ answerLost: true });
    expect(await world.replay()).toMatchObject({ outcome: 'complete', totals: { sent: 30 }, problems: [] });
    expect(world.cluster.committed(GROUP, DLQ, 0)?.offset).toBe(30);
  });

  it('that never gets through ends the run before anything more is sent, and says what may come twice', async () => {
    const world = new DlqWorld();
    world.cluster.produce(letters(DLQ, 30));
    world.cluster.faults.commit({ times: 1_000 });
    const report = await world.replay({ requestRecords: 10 });
    expect(report).toMatchObject({ outcome: 'failed', totals: { sent: 10 } });
    expect(report.problems).toMatchObject([{ type: 'not-noted', error: { code: 'COMMIT_FAILED' } }]);
    const [problem] = report.problems;
    expect(problem?.type === 'not-noted' && problem.records.map(({ offset }) => offset)).toEqual([...Array(10).keys()]);
    world.cluster.faults.clear();
    expect((await world.replay()).totals.sent).toBe(30);
  });

  it('that the broker refuses for its metadata ends the run and says so', async () => {
    const world = new DlqWorld({ partitions: 2 });
    world.cluster.produce([...letters(DLQ, 5), ...letters(DLQ, 5, { at: 1, from: { partition: 1 } })]);
    world.cluster.faults.commit({ code: 'COMMIT_METADATA_TOO_LARGE', times: 2 });
    const report = await world.replay({ filter: { offsets: { from: 1 } } });
    expect(report.outcome).toBe('failed');
    expect(report.problems.map(({ type }) => type)).toEqual(['done-set-full', 'not-noted']);
    // The other partition's commit got through.
    expect((await world.replay({ filter: { offsets: { from: 1 } } })).totals.sent).toBe(4);
  });
});

describe('what was replayed does not fit into a commit', () => {
  it('stops before it is forgotten, says what to do, and that helps', async () => {
    const count = 6_000;
    const world = new DlqWorld();
    let seed = 7;
    const random = () => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
    const [a, b] = [letter(DLQ, { worker: 'a' }), letter(DLQ, { worker: 'b' })];
    for (let n = 0; n < count; n++) {
      world.cluster.produce({ ...(random() < 0.5 ? a : b), value: `${n}` });
      // As compaction leaves it, so that few records are enough.
      if (n < count - 1) world.cluster.skipOffsets(DLQ, 0, Math.floor(random() * 16_384));
    }
    const foretold = await world.replay({ dryRun: true, filter: { worker: 'a' } });
    const first = await world.replay({ filter: { worker: 'a' } });
    expect(foretold.problems).toMatchObject([{ type: 'done-set-full', partition: 0 }]);
    const [problem] = first.problems;
    expect(problem).toMatchObject({ type: 'done-set-full', partition: 0 });
    expect(first.totals.sent).toBeGreaterThan(1_000);
    expect(first.totals.sent).toBe(world.values().length);
    const { offset = 0, metadata = '' } = world.cluster.committed(GROUP, DLQ, 0) ?? {};
    expect(metadata.length).toBeLessThanOrEqual(4096);
    // Everything that was sent is noted: nothing of it comes again.
    await world.replay({ filter: { worker: 'a' } });
    expect(twice(world)).toBe(0);

    const gap = problem?.type === 'done-set-full' ? problem.gap : { from: -1, to: -1 };
    expect(gap.from).toBe(offset);
    expect(problem?.message).toContain(`--offset ${gap.from}..${gap.to}`);
    await world.replay({ filter: { partition: 0, offsets: { from: 0, to: 5_000_000 } } });
    const second = await world.replay({ filter: { worker: 'a' } });
    expect(second.totals.sent).toBeGreaterThan(0);
    expect(await world.replay()).toMatchObject({ outcome: 'complete', problems: [] });
    expect(times(world).size).toBe(count);
    expect(twice(world)).toBe(0);
  }, 60_000);
});

describe('what is stored and cannot be read', () => {
  async function broken(): Promise<DlqWorld> {
    const world = new DlqWorld();
    world.cluster.produce(letters(DLQ, 10));
    await world.replay({ filter: { offsets: { from: 4, to: 6 } } });
    const driver = steered(world.cluster.driver(), {
      beforeCommit: (offsets) => {
        for (const commit of offsets) Object.assign(commit, { metadata: 'kw1Rnonsense' });
      },
    });
    await world.replay({ driver, filter: { offsets: { from: 0, to: 0 } } });
    return world;
  }

  it('stops the partition, since nobody knows what was replayed', async () => {
    const world = await broken();
    const report = await world.replay();
    expect(report.problems).toMatchObject([{ type: 'done-set-unreadable', partition: 0 }]);
    expect(report.totals.sent).toBe(0);
  });

  it('is passed over when everything shall be sent again', async () => {
    const world = await broken();
    expect((await world.replay({ again: true })).totals.sent).toBe(10);
    expect((await world.replay()).totals.sent).toBe(0);
  });
});

describe('two replays at the same time', () => {
  it.each([false, true])('share the partitions, and nothing comes twice; cooperative: %s', async (cooperative) => {
    const world = new DlqWorld({ partitions: 4, origin: 4 });
    const driver = world.cluster.driver({ incrementalRebalance: cooperative });
    for (let at = 0; at < 4; at++) world.cluster.produce(letters(DLQ, 200, { at, from: { partition: at } }));
    // Slow enough that both are under way together.
    const one = world.startReplay({ driver, ratePerSecond: 100 });
    await world.clock.advance(1_000);
    const two = world.startReplay({ driver, ratePerSecond: 100 });
    const reports = await world.clock.runUntil(Promise.all([one, two]));
    expect(reports.map(({ totals }) => totals.sent).reduce((a, b) => a + b)).toBe(800);
    for (const { totals } of reports) expect(totals.sent).toBeGreaterThan(100);
    expect(times(world).size).toBe(800);
    expect(twice(world)).toBe(0);
    expect((await world.replay()).totals.sent).toBe(0);
  });

  it('say which partitions the other one had, since its filter may be another', async () => {
    const world = new DlqWorld({ partitions: 1 });
    world.cluster.produce(letters(DLQ, 50));
    const slow = world.startReplay({ ratePerSecond: 10, filter: { offsets: { from: 0, to: 30 } } });
    await world.clock.advance(1_000);
    const idle = world.startReplay();
    const [first, second] = await world.clock.runUntil(Promise.all([slow, idle]));
    const [elsewhere] = [first, second].flatMap(({ problems }) => problems);
    expect(elsewhere).toMatchObject({ type: 'elsewhere', partitions: [0] });
    expect(times(world).size).toBe(first.totals.sent + second.totals.sent);
  });

  it('hand a partition over when the request under way is finished and noted', async () => {
    const world = new DlqWorld({ partitions: 2 });
    for (let at = 0; at < 2; at++) world.cluster.produce(letters(DLQ, 100, { at, from: { partition: at } }));
    const held = deferred();
    let sends = 0;
    const driver = steered(world.cluster.driver(), { afterSend: () => (++sends > 25 ? held.promise : undefined) });
    const one = world.startReplay({ driver, requestRecords: 10 });
    await world.clock.advance(100);
    const two = world.startReplay({ requestRecords: 10 });
    await world.clock.advance(5_000);
    expect(world.cluster.group(GROUP).state).toBe('PreparingRebalance');
    held.resolve();
    await world.clock.runUntil(Promise.all([one, two]));
    await world.replay();
    expect(times(world).size).toBe(200);
    expect(twice(world)).toBe(0);
  });

  it('do not wait for each other where a commit has to wait for the join', async () => {
    const world = new DlqWorld({ partitions: 2 });
    for (let at = 0; at < 2; at++) world.cluster.produce(letters(DLQ, 30, { at, from: { partition: at } }));
    const held = deferred();
    let sends = 0;
    const joining = () => world.cluster.group(GROUP).state === 'PreparingRebalance';
    const driver = steered(world.cluster.driver(), {
      afterSend: () => (++sends > 25 ? held.promise : undefined),
      beforeCommit: () => {
        if (joining()) throw new CommitError('COMMIT_STALE', 'a join is under way');
      },
    });
    const one = world.startReplay({ driver, requestRecords: 10 });
    await world.clock.advance(100);
    const two = world.startReplay({ requestRecords: 10 });
    await world.clock.advance(1_000);
    expect(joining()).toBe(true);
    const since = world.clock.now();
    held.resolve();
    await world.clock.runUntil(Promise.all([one, two]));
    expect(world.clock.now() - since).toBeLessThan(2_000);
    expect(times(world).size).toBe(60);
    expect(twice(world)).toBeLessThanOrEqual(10);
  });

  it('have nothing to say of a partition in which everything has been replayed', async () => {
    const world = new DlqWorld({ partitions: 1 });
    world.cluster.produce(letters(DLQ, 10));
    await world.replay();
    const stop = new AbortController();
    const options = { driver: world.cluster.driver(), topic: DLQ, clock: world.clock, silenceMs: 60_000 };
    // Sits in the group, and waits for the end of a topic that has markers of a transaction there.
    world.cluster.skipOffsets(DLQ, 0, 1);
    const sitting = replayDeadLetters({ ...options, dryRun: false, signal: stop.signal });
    await world.clock.advance(1_000);
    const beside = await world.replay({ filter: { offsets: { to: 9 } } });
    expect(beside).toMatchObject({ outcome: 'complete', problems: [] });
    const more = await world.replay({ filter: { offsets: { to: 10 } } });
    expect(more.problems).toMatchObject([{ type: 'elsewhere' }]);
    stop.abort();
    await world.clock.runUntil(sitting);
  });
});

describe('a partition that is lost', () => {
  it('is worked on no more; the request under way may come twice, and what comes back does not', async () => {
    const world = new DlqWorld({ partitions: 1 });
    world.cluster.produce(letters(DLQ, 100));
    const held = deferred();
    let sends = 0;
    const driver = steered(world.cluster.driver(), { afterSend: () => (++sends > 25 ? held.promise : undefined) });
    const running = world.startReplay({ driver, requestRecords: 10 });
    await world.clock.advance(100);
    expect(world.cluster.committed(GROUP, DLQ, 0)?.offset).toBe(20);
    const [member] = world.cluster.consumers(GROUP);
    world.cluster.expireSession(member?.memberId ?? '');
    await world.clock.advance(5_000);
    expect(world.values()).toHaveLength(30);
    held.resolve();
    const report = await world.clock.runUntil(running);
    // It came back to the same run, which knows what it has sent.
    expect(report).toMatchObject({ outcome: 'complete', totals: { read: 100, matched: 100, sent: 100 }, problems: [] });
    expect(world.values()).toHaveLength(100);
    expect(world.cluster.committed(GROUP, DLQ, 0)?.offset).toBe(100);
  });

  it('while a commit is under way: what was sent is noted when the partition comes back', async () => {
    const world = new DlqWorld({ partitions: 1 });
    world.cluster.produce(letters(DLQ, 100));
    const held = deferred();
    let commits = 0;
    const driver = steered(world.cluster.driver(), {
      beforeCommit: () => (++commits === 3 ? held.promise : undefined),
    });
    const running = world.startReplay({ driver, requestRecords: 10, filter: { offsets: { to: 29 } } });
    await world.clock.advance(100);
    expect(world.values()).toHaveLength(30);
    const [member] = world.cluster.consumers(GROUP);
    world.cluster.faults.commit({ code: 'COMMIT_FENCED' });
    world.cluster.expireSession(member?.memberId ?? '');
    held.resolve();
    const report = await world.clock.runUntil(running);
    expect(report).toMatchObject({ outcome: 'complete', totals: { read: 30, sent: 30 }, problems: [] });
    expect(world.values()).toHaveLength(30);
    expect(world.cluster.committed(GROUP, DLQ, 0)?.offset).toBe(30);
  });

  it('before anything of a request was sent: nothing of it is', async () => {
    const world = new DlqWorld({ partitions: 1 });
    world.cluster.produce(letters(DLQ, 20));
    const held = deferred();
    const driver = steered(world.cluster.driver(), {
      beforePartitions: ([topic]) => (topic === 'orders' ? held.promise : undefined),
    });
    const one = world.startReplay({ driver });
    await world.clock.advance(100);
    const [member] = world.cluster.consumers(GROUP);
    world.cluster.suspend(member?.memberId ?? '');
    const other = world.startReplay();
    await world.clock.advance(60_000);
    expect((await world.clock.runUntil(other)).totals.sent).toBe(20);
    world.cluster.wake(member?.memberId ?? '');
    await world.clock.advance(1_000);
    held.resolve();
    expect((await world.clock.runUntil(one)).totals.sent).toBe(0);
    expect(twice(world)).toBe(0);
  });

  it('to somebody else: what was sent and not noted is named', async () => {
    const world = new DlqWorld({ partitions: 1 });
    world.cluster.produce(letters(DLQ, 100));
    const held = deferred();
    let sends = 0;
    const driver = steered(world.cluster.driver(), { afterSend: () => (++sends > 25 ? held.promise : undefined) });
    const one = world.startReplay({ driver, requestRecords: 10 });
    await world.clock.advance(100);
    const [member] = world.cluster.consumers(GROUP);
    world.cluster.suspend(member?.memberId ?? '');
    const other = world.startReplay({ requestRecords: 10, filter: {} });
    await world.clock.advance(60_000);
    const second = await world.clock.runUntil(other);
    expect(second).toMatchObject({ outcome: 'complete', totals: { sent: 80 }, problems: [] });
    world.cluster.wake(member?.memberId ?? '');
    held.resolve();
    const first = await world.clock.runUntil(one);
    expect(first.totals.sent).toBe(30);
    expect(times(world).size).toBe(100);
    expect(twice(world)).toBe(10);
    expect((await world.replay()).totals.sent).toBe(0);
  });
});

describe('the client that breaks on the way', () => {
  it('ends the run with what was done until then', async () => {
    const world = new DlqWorld();
    world.cluster.produce(letters(DLQ, 100));
    const driver = steered(world.cluster.driver(), {
      made: (consumer) => {
        const start = consumer.start.bind(consumer);
        consumer.start = (listener) => {
          let batches = 0;
          const records = listener.records.bind(listener);
          listener.records = (batch) => {
            if (++batches === 1) {
              const taken = records({ ...batch, records: batch.records.slice(0, 30) });
              world.clock.setTimer(() => listener.stateChanged('crashed', new Error('it broke down')), 1_000);
              return taken;
            }
            return 0;
          };
          return start(listener);
        };
      },
    });
    const report = await world.replay({ driver });
    expect(report).toMatchObject({ outcome: 'failed', totals: { sent: 30 } });
    expect(report.problems).toMatchObject([{ type: 'client-failed', error: { message: 'it broke down' } }]);
    expect((await world.replay()).totals.sent).toBe(70);
  });
});
