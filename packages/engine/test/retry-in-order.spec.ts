import { describe, expect, it } from '@jest/globals';
import {
  deadLetter,
  freeze,
  NonRetryableError,
  retryTopics,
  type FinalPolicy,
  type RetryTopicsOptions,
  type WorkerOptions,
} from '../src/index.js';
import { Calls, type Call } from './support/calls.js';
import { letters } from './support/letters.js';
import { World, type Member } from './support/world.js';

const toDead = deadLetter({ topic: 'dlq' });

class Patient extends World {
  constructor() {
    super();
    this.cluster.createTopic('dlq', 1);
    this.forwards.add('dlq');
  }

  /** Its handlers fail with records of key `x`. */
  member(
    delays: readonly number[],
    more: { then?: FinalPolicy; policy?: RetryTopicsOptions; options?: WorkerOptions } = {},
  ): Promise<Member> {
    const { then = toDead, policy = {}, options = {} } = more;
    const onFailure = retryTopics(delays, then, { orderedBy: 'key', ...policy });
    const retry = { attempts: 1 };
    const calls = new Calls();
    calls.respond = failing('x');
    return this.engine({
      calls,
      options: { concurrency: 'key', commit: { intervalMs: 100 }, retry, onFailure, ...options },
    });
  }
}

function failing(...keys: string[]): (call: Call) => Promise<void> {
  return ({ key }) => (keys.includes(key ?? '') ? Promise.reject(new Error('no')) : Promise.resolve());
}

/** `offset` of every start of a key, in order. */
const starts = (member: Member, key: string): number[] =>
  member.calls.all.filter((call) => call.key === key).map(({ offset }) => offset);

describe("retryTopics with orderedBy: 'key'", () => {
  it('has the key wait out each delay in its place while others go on, and settles with then after the last', async () => {
    const world = new Patient();
    const a = await world.member([1_000, 60_000]);
    world.produce(['x', 'y', 'x', 'y']);
    await world.clock.advance(999);
    expect(starts(a, 'y')).toEqual([1, 3]);
    expect(starts(a, 'x')).toEqual([0]);
    expect(a.partition().frozen).toMatchObject([{ scope: 'key', reason: 'delay', offset: 0 }]);
    expect(world.stored()).toEqual({
      offset: 0,
      done: [
        { from: 1, to: 2 },
        { from: 3, to: 4 },
      ],
    });
    await world.clock.advance(1);
    expect(starts(a, 'x')).toEqual([0, 0]);
    await world.clock.advance(59_999);
    expect(starts(a, 'x')).toEqual([0, 0]);
    expect(letters(world.cluster)).toEqual([]);
    await world.clock.advance(1);
    // the dead letter of the first lets the second begin: its own delays are all before it
    expect(starts(a, 'x')).toEqual([0, 0, 0, 2]);
    expect(letters(world.cluster)[0]?.headers).toMatchObject({
      'kafka-worker-origin-offset': '0',
      'kafka-worker-attempts': '3',
    });
    expect(a.partition().frozen).toMatchObject([{ offset: 2, reason: 'delay' }]);
    expect(world.violations).toEqual([]);
  });

  it('keeps the order of the key when the record succeeds in the end, whatever came meanwhile', async () => {
    const world = new Patient();
    const a = await world.member([1_000], { options: { buffer: { records: 2 } } });
    world.produce(['x', 'x', 'x', 'x', 'y', 'x']);
    await world.clock.tick();
    expect(starts(a, 'y')).toEqual([4]); // those behind are parked: they are not in its way
    a.calls.respond = failing();
    await world.clock.advance(1_000);
    expect(starts(a, 'x')).toEqual([0, 0, 1, 2, 3, 5]);
    expect(a.of('record.settled').every(({ disposition }) => disposition === 'done')).toBe(true);
    await world.clock.advance(100);
    expect(world.stored()).toEqual({ offset: 6, done: [] });
  });

  it('needs no topic, and reads none', async () => {
    const world = new Patient();
    const a = await world.member([1_000]);
    world.produce(['x']);
    await world.clock.advance(5_000);
    expect(a.engine.inspect().groups.flatMap(({ partitions }) => partitions.map(({ topic }) => topic))).toEqual(['t']);
    expect(() => world.cluster.records('t.g.retry-1000')).toThrow();
  });

  it('makes all attempts again after each delay', async () => {
    const world = new Patient();
    const a = await world.member([1_000], { options: { retry: { attempts: 2, backoff: () => 10 } } });
    world.produce(['x']);
    await world.clock.advance(5_000);
    expect(a.calls.all.map(({ attempt }) => attempt)).toEqual([1, 2, 1, 2]);
    expect(letters(world.cluster)[0]?.headers['kafka-worker-attempts']).toBe('4');
  });

  it('is over at once where no attempt can mend it, or the record would become too old', async () => {
    const world = new Patient();
    const a = await world.member([1_000, 60_000], { policy: { maxAgeMs: 30_000 } });
    world.produce(['x', 'z']);
    a.calls.respond = ({ key }) => Promise.reject(key === 'z' ? new NonRetryableError('never') : new Error('no'));
    await world.clock.tick();
    expect(letters(world.cluster).map(({ key }) => key)).toEqual(['z']);
    await world.clock.advance(1_000);
    expect(letters(world.cluster).map(({ key }) => key)).toEqual(['z', 'x']);
  });

  it('begins with the first delay again where an operator lets it go on, and where somebody else takes over', async () => {
    const world = new Patient();
    const a = await world.member([1_000, 60_000]);
    world.produce(['x']);
    await world.clock.advance(1_500); // the second delay runs
    a.engine.unfreeze();
    await world.clock.tick();
    expect(starts(a, 'x')).toEqual([0, 0, 0]);
    await world.clock.advance(1_000);
    expect(starts(a, 'x')).toEqual([0, 0, 0, 0]);
    await world.drain(a);
    expect(world.stored()?.offset ?? 0).toBe(0);
    const b = await world.member([1_000, 60_000], { then: freeze('key') });
    await world.clock.advance(999);
    expect(starts(b, 'x')).toEqual([0]);
    await world.clock.advance(1);
    expect(starts(b, 'x')).toEqual([0, 0]);
    await world.clock.advance(60_000);
    expect(b.partition().frozen).toMatchObject([{ offset: 0, reason: 'attempts' }]);
    await world.clock.advance(1_000_000);
    expect(starts(b, 'x')).toEqual([0, 0, 0]);
  });

  it('does not hold up a shutdown', async () => {
    const world = new Patient();
    const a = await world.member([3_600_000]);
    world.produce(['x', 'y']);
    await world.clock.tick();
    const before = world.clock.now();
    await world.drain(a);
    expect(world.clock.now() - before).toBeLessThan(1_000);
    expect(world.stored()).toEqual({ offset: 0, done: [{ from: 1, to: 2 }] });
    expect(a.of('record.settled').map(({ offset, disposition }) => [offset, disposition])).toEqual([
      [1, 'done'],
      [0, 'abandoned'],
    ]);
  });
});
