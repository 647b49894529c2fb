import { describe, expect, it } from '@jest/globals';
import {
  deadLetter,
  exponential,
  freeze,
  NonRetryableError,
  retryTopics,
  skip,
  type FinalPolicy,
  type RetryTopicsOptions,
  type WorkerOptions,
} from '../src/index.js';
import { letters } from './support/letters.js';
import { World, type Member, type MemberSetup } from './support/world.js';

const NAME = 't.g.retry-';

class Patient extends World {
  constructor(partitions = 1) {
    super({ partitions });
    this.cluster.createTopic('dlq', partitions);
  }

  member(
    delays: readonly number[],
    more: { then?: FinalPolicy; policy?: RetryTopicsOptions; options?: WorkerOptions } & MemberSetup = {},
  ): Promise<Member> {
    const { then = skip(), policy = {}, options = {}, ...setup } = more;
    const onFailure = retryTopics(delays, then, { create: true, ...policy });
    return this.engine({ ...setup, options: { retry: { attempts: 1 }, onFailure, ...options } });
  }
}

/** `topic:offset` of the handlers that run. */
const open = (member: Member): string[] =>
  member.calls.running.map(({ topic, partition, offset }) => `${topic.replace(NAME, '')}/${partition}:${offset}`);
const failAll = (member: Member, error = new Error('no')): void => {
  for (const call of member.calls.running) call.end.reject(error);
};

describe('retryTopics', () => {
  it('gives the same handler a record again after each delay, never before, and in the end does what then says', async () => {
    const world = new Patient();
    const a = await world.member([1_000, 60_000], { then: deadLetter({ topic: 'dlq' }) });
    world.produce(['k']);
    await world.clock.tick();
    const at = world.clock.now();
    failAll(a);
    await world.clock.advance(999);
    expect(open(a)).toEqual([]);
    expect(world.stored()?.offset ?? 0).toBeLessThan(2);
    await world.clock.advance(1);
    expect(open(a)).toEqual(['1000/0:0']);
    expect(a.calls.running[0]).toMatchObject({ key: 'k', attempt: 1 });
    const origin = { topic: 't', partition: 0, offset: 0, firstFailedAt: at };
    expect(a.calls.running[0]?.delivery.origin).toMatchObject({ ...origin, attempts: 1 });
    await world.clock.advance(5_000);
    failAll(a);
    await world.clock.advance(59_999);
    expect(open(a)).toEqual([]);
    await world.clock.advance(1);
    expect(open(a)).toEqual(['60000/0:0']);
    expect(a.calls.running[0]?.delivery.origin).toMatchObject({ ...origin, attempts: 2 });
    failAll(a);
    await world.clock.tick();
    const [letter] = letters(world.cluster);
    expect(letter).toMatchObject({
      key: 'k',
      value: 'v',
      headers: {
        'kafka-worker-origin-topic': 't',
        'kafka-worker-origin-offset': '0',
        'kafka-worker-attempts': '3',
        'kafka-worker-first-failed-at': String(at),
        'kafka-worker-failed-at': String(at + 66_000),
      },
    });
    expect(letter?.headers).not.toHaveProperty('kafka-worker-due-at');
    expect(a.of('record.settled').map(({ topic, disposition }) => [topic.replace(NAME, ''), disposition])).toEqual([
      ['t', 'retried-later'],
      ['1000', 'retried-later'],
      ['60000', 'dead-lettered'],
    ]);
  });

  it('is not in the way of other records of the key', async () => {
    const world = new Patient();
    const a = await world.member([1_000], { options: { commit: 'each', concurrency: 'key' } });
    world.produce(['x', 'x']);
    await world.clock.tick();
    failAll(a);
    await world.clock.tick();
    expect(open(a)).toEqual(['t/0:1']);
    expect(world.stored()).toEqual({ offset: 1, done: [] });
    expect(a.of('record.settled')).toMatchObject([{ to: { topic: `${NAME}1000`, partition: 0, offset: 0 } }]);
  });

  it('makes all attempts again in each stage', async () => {
    const world = new Patient();
    const retry = { attempts: 2, backoff: exponential({ initialMs: 10, jitter: 0 }) };
    const a = await world.member([1_000], { options: { retry } });
    a.calls.respond = () => Promise.reject(new Error('no'));
    world.produce(1);
    await world.clock.advance(5_000);
    expect(a.calls.all.map(({ topic, attempt }) => `${topic.replace(NAME, '')} ${attempt}`)).toEqual([
      't 1',
      't 2',
      '1000 1',
      '1000 2',
    ]);
    expect(letters(world.cluster, `${NAME}1000`)[0]?.headers['kafka-worker-attempts']).toBe('2');
  });

  it('with equal delays uses one topic for both', async () => {
    const world = new Patient();
    const a = await world.member([1_000, 1_000]);
    a.calls.respond = () => Promise.reject(new Error('no'));
    world.produce(1);
    await world.clock.advance(10_000);
    expect(a.calls.all.map(({ topic }) => topic)).toEqual(['t', `${NAME}1000`, `${NAME}1000`]);
    expect(a.of('record.settled').at(-1)).toMatchObject({ disposition: 'skipped', topic: `${NAME}1000`, offset: 1 });
  });

  it('gives up what is too old, and what no attempt can mend, at once', async () => {
    const world = new Patient();
    const a = await world.member([1_000, 5_000], {
      policy: { maxAgeMs: 4_000 },
      options: { concurrency: 'unordered' },
    });
    world.produce(2);
    await world.clock.tick();
    a.calls.fail(0);
    a.calls.fail(1, new NonRetryableError());
    await world.clock.tick();
    expect(a.of('record.settled').map(({ offset, disposition }) => [offset, disposition])).toEqual([
      [1, 'skipped'],
      [0, 'retried-later'],
    ]);
    await world.clock.advance(1_000);
    failAll(a);
    await world.clock.tick();
    expect(a.of('record.settled').at(-1)).toMatchObject({ topic: `${NAME}1000`, disposition: 'skipped' });
  });

  it('ends in a freeze in the last retry topic where that was said', async () => {
    const world = new Patient();
    const a = await world.member([1_000], { then: freeze() });
    a.calls.respond = () => Promise.reject(new Error('no'));
    world.produce(1);
    await world.clock.advance(1_000);
    expect(a.of('frozen')).toMatchObject([{ topic: `${NAME}1000`, offset: 0, reason: 'attempts' }]);
  });

  it('waits in one partition without stopping others, and hands several over in order when they are due', async () => {
    const world = new Patient(2);
    const a = await world.member([1_000], { options: { limit: 10, concurrency: 'partition' } });
    world.produce(2);
    world.produce(1, 1);
    await world.clock.tick();
    a.calls.fail(0);
    await world.clock.advance(600);
    a.calls.fail(1);
    a.calls.fail(0, undefined, 1);
    await world.clock.advance(400);
    expect(open(a)).toEqual(['1000/0:0']);
    world.produce(1);
    await world.clock.advance(599);
    expect(open(a)).toEqual(['1000/0:0', 't/0:2']);
    await world.clock.advance(1);
    expect(open(a)).toEqual(['1000/0:0', 't/0:2', '1000/1:0']);
    a.calls.running[0]?.end.resolve();
    await world.clock.tick();
    expect(open(a)).toEqual(['t/0:2', '1000/1:0', '1000/0:1']);
  });

  it('goes by the time at which it was written where a record does not say when it is due', async () => {
    const world = new Patient();
    const a = await world.member([1_000]);
    world.cluster.produce({ topic: `${NAME}1000`, partition: 0, value: 'by hand' });
    await world.clock.advance(999);
    expect(open(a)).toEqual([]);
    await world.clock.advance(1);
    expect(open(a)).toEqual(['1000/0:0']);
    expect(a.calls.running[0]?.delivery.origin).toBeUndefined();
  });

  it('waits on through a rebalance, whoever has the partition then, and through a pause of the worker', async () => {
    const world = new Patient(2);
    const a = await world.member([10_000], { options: { limit: 4 } });
    world.produce(1);
    world.produce(1, 1);
    await world.clock.tick();
    failAll(a);
    await world.clock.advance(4_000);
    const b = await world.member([10_000], { options: { limit: 4 } });
    await world.clock.advance(5_999);
    expect([...open(a), ...open(b)]).toEqual([]);
    a.engine.pause();
    await world.clock.advance(1);
    expect(open(a)).toEqual([]);
    a.engine.resume();
    await world.clock.tick();
    expect([...open(a), ...open(b)].sort()).toEqual(['10000/0:0', '10000/1:0']);
    a.calls.finishAll();
    b.calls.finishAll();
    await world.drain(a, b);
    expect(world.clock.pending).toBe(0);
  });

  it('ends with its process while it waits, and is waited for by the next one', async () => {
    const world = new Patient();
    const a = await world.member([10_000]);
    world.produce(1);
    await world.clock.tick();
    failAll(a);
    await world.clock.advance(3_000);
    await world.drain(a);
    expect(world.clock.pending).toBe(0);
    const b = await world.member([10_000]);
    await world.clock.advance(6_999);
    expect(open(b)).toEqual([]);
    await world.clock.advance(1);
    expect(open(b)).toEqual(['10000/0:0']);
  });

  it('is not passed over by a group that starts at the end', async () => {
    const world = new Patient();
    world.cluster.createTopic(`${NAME}1000`);
    world.produce(3);
    world.cluster.produce({ topic: `${NAME}1000`, partition: 0, value: 'v' });
    const a = await world.member([1_000], { startFrom: 'latest' });
    await world.clock.advance(1_000);
    expect(open(a)).toEqual(['1000/0:0']);
  });

  it('is not asked for before it is due because something else of the partition was settled', async () => {
    const world = new Patient();
    let asked = 0;
    const a = await world.member([1_000], {
      options: { concurrency: 'unordered' },
      driver: (driver) => ({
        ...driver,
        createConsumer: (options) => {
          const consumer = driver.createConsumer(options);
          const resume = consumer.resume.bind(consumer);
          return Object.assign(consumer, { resume: (partitions: never) => (asked++, resume(partitions)) });
        },
      }),
    });
    world.produce(1);
    await world.clock.tick();
    failAll(a);
    await world.clock.advance(900);
    world.produce(1);
    await world.clock.tick();
    failAll(a);
    await world.clock.advance(100);
    expect(open(a)).toEqual(['1000/0:0']);
    const before = asked;
    a.calls.finishAll();
    await world.clock.advance(899);
    expect(asked).toBe(before);
    await world.clock.advance(1);
    expect(open(a)).toEqual(['1000/0:1']);
  });
});
