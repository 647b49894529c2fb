import type { DriverConsumer, KafkaRecord, LogRange, TopicPartition } from '@kafka-worker/engine';
import { deferred, FakeClock } from '@kafka-worker/testing';
import { describe, expect, it } from '@jest/globals';
import { toDeadLetter } from '../src/letters/dead-letter.js';
import { BoundedReader, type ReadSpan } from '../src/reading/bounded-reader.js';

const TOPIC = 'orders.dlq';
const at = (partition: number): TopicPartition => ({ topic: TOPIC, partition });

function record(partition: number, offset: number): KafkaRecord {
  return { ...at(partition), offset, timestamp: offset, key: null, value: null, headers: {} };
}

function batch(partition: number, ...offsets: number[]) {
  return { ...at(partition), records: offsets.map((offset) => record(partition, offset)), highWatermark: 100 };
}

/** A reader whose client is the test. Every partition is read from 0 to `to`. */
function reader({ to = 10, open = async () => undefined as void } = {}) {
  const clock = new FakeClock();
  const calls: string[] = [];
  let ranges = async (): Promise<LogRange[]> => [0, 1].map((partition) => ({ ...at(partition), low: 0, high: to }));
  const consumer: DriverConsumer = {
    start: async () => undefined,
    stop: async () => undefined,
    stopping: () => undefined,
    pause: (partitions) => void calls.push(`pause ${partitions.map(({ partition }) => partition).join()}`),
    resume: (partitions) => void calls.push(`resume ${partitions.map(({ partition }) => partition).join()}`),
    seek: () => undefined,
    commit: async () => undefined,
    committed: async () => [],
    logRanges: () => ranges(),
  };
  const made = new BoundedReader({
    consumer,
    clock,
    silenceMs: 1_000,
    plan: {
      open: async (partitions): Promise<ReadSpan[]> => {
        await open();
        return partitions.map(({ partition }) => ({ ...at(partition), from: 0, to }));
      },
      find: (found) => ({ record: found, letter: toDeadLetter(found) }),
      progressed: () => undefined,
    },
  });
  async function assign(...partitions: number[]) {
    const positions = await made.assigned({ generation: 1, memberId: 'm', partitions: partitions.map(at) });
    made.stateChanged('joined');
    return positions;
  }
  const answer = (next: typeof ranges): void => void (ranges = next);
  return { reader: made, clock, calls, assign, answer };
}

describe('BoundedReader', () => {
  it('does not hold a partition that was lost while it was looked up', async () => {
    const gate = deferred();
    const { reader: made, assign } = reader({ open: () => gate.promise });
    const assigned = assign(0, 1);
    made.lost([at(1)]);
    gate.resolve();
    expect(await assigned).toEqual([{ ...at(0), offset: 0 }]);
    expect(made.readings.map(({ partition }) => partition)).toEqual([0]);
  });

  it('gives nothing out from a loss or a hand-over to the next join', async () => {
    const { reader: made, assign } = reader();
    await assign(0, 1);
    made.records(batch(0, 0, 1, 2));
    made.records(batch(1, 0, 1, 2));
    expect(made.take()?.record.offset).toBe(0);
    made.lost([at(1)]);
    expect(made.take()).toBeUndefined();
    await assign(0);
    expect(made.take()?.record).toMatchObject({ partition: 0 });
    await made.revoking();
    expect(made.take()).toBeUndefined();
  });

  it('goes on where it stood in what it keeps, and from the start in what comes back', async () => {
    const { reader: made, assign } = reader();
    await assign(0, 1);
    made.records(batch(0, 0, 1, 2));
    made.records(batch(1, 0, 1));
    await made.revoking();
    expect(await assign(0)).toEqual([{ ...at(0), offset: 3 }]);
    expect(await assign(0, 1)).toEqual([
      { ...at(0), offset: 3 },
      { ...at(1), offset: 0 },
    ]);
  });

  it('waits for the next of each partition before it says which is first', async () => {
    const { reader: made, assign } = reader({ to: 3 });
    await assign(0, 1);
    made.records(batch(0, 1, 2));
    expect(made.take()).toBeUndefined();
    made.records(batch(1, 0));
    expect(made.take()?.record).toMatchObject({ partition: 1, offset: 0 });
    expect(made.take()).toBeUndefined();
  });

  it('looks at nothing beyond the end, and asks for no more of it', async () => {
    const { reader: made, assign, calls } = reader({ to: 3 });
    await assign(0);
    expect(made.records(batch(0, 1, 2, 3, 4))).toBe(4);
    expect(calls).toEqual(['pause 0']);
    expect([made.take(), made.take(), made.take()].map((found) => found?.record.offset)).toEqual([1, 2, undefined]);
    expect(await made.ready()).toBe('over');
  });

  it('takes only what there is room for, and asks for more when half of it is gone', async () => {
    const { reader: made, assign, calls } = reader({ to: 2_000 });
    await assign(0);
    const offsets = Array.from({ length: 800 }, (_, n) => n);
    expect(made.records(batch(0, ...offsets))).toBe(500);
    for (let n = 0; n < 249; n++) made.take();
    expect(calls).toEqual([]);
    made.take();
    expect(calls).toEqual(['resume 0']);
  });

  it('takes an end for reached when nothing comes although the leader answers', async () => {
    const { reader: made, assign, clock } = reader({ to: 5 });
    await assign(0);
    made.records(batch(0, 0, 1));
    made.take();
    made.take();
    const ready = made.ready();
    await clock.advance(999);
    expect(made.reading(0)?.isOver).toBe(false);
    expect(await clock.runUntil(ready)).toBe('over');
    expect(made.reading(0)?.silentFrom).toBe(2);
  });

  it('does not take it for reached where something comes while the leader is asked', async () => {
    const { reader: made, assign, clock, answer } = reader({ to: 5 });
    await assign(0);
    const asked = deferred<LogRange[]>();
    answer(() => asked.promise);
    const ready = made.ready();
    await clock.advance(1_000);
    made.records(batch(0, 3));
    asked.resolve([{ ...at(0), low: 0, high: 5 }]);
    expect(await clock.runUntil(ready)).toBe('records');
    expect(made.reading(0)).toMatchObject({ position: 4, silentFrom: undefined });
  });

  it('fails where the leader does not answer', async () => {
    const { reader: made, assign, clock, answer } = reader();
    await assign(0);
    answer(() => Promise.reject(new Error('no leader')));
    await expect(clock.runUntil(made.ready())).rejects.toThrow('no leader');
  });

  it('outlives a client that starts again by itself, a few times in a row', async () => {
    const { reader: made, assign, clock } = reader();
    const crash = () => made.stateChanged('crashed', Object.assign(new Error('again'), { willRestart: true }));
    for (let n = 0; n < 3; n++) crash();
    await assign(0);
    made.records(batch(0, 9));
    expect(await clock.runUntil(made.ready())).toBe('records');
    for (let n = 0; n < 4; n++) crash();
    await expect(clock.runUntil(made.ready())).rejects.toThrow('again');
  });

  it('waits with a hand-over for what is worked on, until the work gives way', async () => {
    const { reader: made, assign } = reader();
    await assign(0);
    const work = deferred();
    void made.during(() => work.promise);
    let over = false;
    const revoked = made.revoking().then(() => (over = true));
    await Promise.resolve();
    expect(over).toBe(false);
    made.giveWay();
    await revoked;
    expect(over).toBe(true);
    work.resolve();
  });
});
