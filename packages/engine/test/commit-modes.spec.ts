import { describe, expect, it } from '@jest/globals';
import { deadLetter, fixed, RetryLaterError, SkipRecordError, FreezeError, retryTopics } from '../src/index.js';
import { World } from './support/world.js';

const target = { topic: 't', partition: 0 };

describe('commit() of a handler', () => {
  it('passes its own record, whose lane waits for its end all the same', async () => {
    const world = new World();
    const a = await world.engine({ options: { concurrency: 'key', commit: 'manual' } });
    world.skipped.add('t/0/0'); // by its own word
    world.produce(['x', 'x', 'y']);
    await world.clock.tick();
    const committed = a.calls.at(0).delivery.commit();
    await world.clock.tick();
    await committed;
    expect(world.stored()).toEqual({ offset: 1, done: [] });
    expect(a.calls.open).toEqual(['0:0', '0:2']);
    expect(a.partition()).toMatchObject({ frontier: 1, buffered: 3 });
    a.calls.finish(0);
    await world.clock.tick();
    expect(a.calls.open).toEqual(['0:2', '0:1']);
    expect(a.partition()).toMatchObject({ buffered: 2, bufferedBytes: 2 * 202, frontier: 1, heldBy: { offset: 1 } });
    expect(world.violations).toEqual([]);
  });

  it('and a failure after it is tried again and given up in this process, without moving the offset', async () => {
    const world = new World();
    world.cluster.createTopic('dlq');
    const a = await world.engine({
      options: {
        commit: 'manual',
        retry: { attempts: 2, backoff: fixed(10) },
        onFailure: deadLetter({ topic: 'dlq' }),
      },
    });
    world.produce(2);
    await world.clock.tick();
    void a.calls.at(0).delivery.commit();
    await world.clock.tick();
    a.calls.fail(0);
    await world.clock.advance(10);
    expect(a.calls.at(0).attempt).toBe(2);
    a.calls.fail(0);
    await world.clock.tick();
    expect(world.cluster.records('dlq')).toHaveLength(1);
    expect(a.calls.open).toEqual(['0:1']);
    await world.drain(a);
    expect(world.stored()).toEqual({ offset: 1, done: [] });
  });

  it('twice, or beside others of the partition, commits each', async () => {
    const world = new World();
    const a = await world.engine({ options: { commit: 'manual', concurrency: 'unordered' } });
    world.produce(4);
    await world.clock.tick();
    const both = Promise.all([1, 3, 1].map((offset) => a.calls.at(offset).delivery.commit()));
    await world.clock.tick();
    await both;
    expect(world.stored()).toEqual({ offset: 0, done: [{ from: 1, to: 2 }, { from: 3, to: 4 }] }); // prettier-ignore
    a.calls.finishAll();
    await world.clock.tick();
    expect(a.partition()).toMatchObject({ buffered: 0, lanes: 0, frontier: 4 });
  });

  it('of an attempt that was given up is refused, of a partition that has gone too', async () => {
    const world = new World();
    const a = await world.engine({ options: { timeoutMs: 1_000, retry: { attempts: 2, backoff: fixed(10) } } });
    world.produce(1);
    await world.clock.advance(6_010);
    const [first, second] = a.calls.all;
    await expect(first?.delivery.commit()).rejects.toMatchObject({ code: 'NOT_RUNNING' });
    world.cluster.expireSession(world.cluster.group('g').members[0]?.memberId ?? '');
    await world.clock.tick();
    await expect(second?.delivery.commit()).rejects.toMatchObject({ code: 'COMMIT_STALE' });
    expect(world.stored()).toBeUndefined();
  });
});

describe('engine.commit', () => {
  it('commits what is settled in its target, and no more', async () => {
    const world = new World({ partitions: 2 });
    const a = await world.engine({ options: { commit: 'manual', concurrency: 'unordered' } });
    for (const partition of [0, 1]) world.produce(3, partition);
    await world.clock.tick();
    for (const partition of [0, 1]) a.calls.finish(0, partition);
    a.calls.finish(2);
    await world.clock.tick();
    await world.clock.runUntil(a.engine.commit(target));
    expect([world.stored(0), world.stored(1)]).toEqual([{ offset: 1, done: [{ from: 2, to: 3 }] }, undefined]);
    await world.clock.runUntil(a.engine.commit());
    expect(world.stored(1)).toEqual({ offset: 1, done: [] });
    expect(world.violations).toEqual([]);
  });

  it('rejects where the broker does not acknowledge, where there is nothing of the name, and where options forbid it', async () => {
    const world = new World();
    const a = await world.engine({ options: { commit: 'manual' } });
    world.cluster.faults.commit();
    await expect(world.clock.runUntil(a.engine.commit())).rejects.toMatchObject({ code: 'COMMIT_FAILED' });
    await expect(a.engine.commit({ topic: 'u' })).rejects.toMatchObject({ code: 'UNKNOWN_TARGET' });
    await world.drain(a);
    const b = await world.engine({ options: { commit: 'none' } });
    await expect(b.engine.commit()).rejects.toMatchObject({ code: 'NOT_TRANSACTIONAL' });
  });
});

describe("commit: 'none'", () => {
  it('commits nothing, ever, and begins again where it began', async () => {
    const world = new World({ partitions: 2 });
    const a = await world.engine({ options: { commit: 'none' } });
    a.calls.respond = () => Promise.resolve();
    world.produce(5);
    await world.clock.advance(60_000);
    await expect(a.calls.all[0]?.delivery.commit()).rejects.toMatchObject({ code: 'NOT_TRANSACTIONAL' });
    const b = await world.engine({ options: { commit: 'none' } });
    await world.clock.advance(60_000);
    expect([a.held, b.held]).toEqual([[0], [1]]);
    await world.drain(a, b);
    expect(world.cluster.commits).toEqual([]);
    const c = await world.engine({ options: { commit: 'none' } });
    expect(c.calls.open).toEqual(['0:0']);
  });

  it('can be sought in, and drained behind it', async () => {
    const world = new World();
    const a = await world.engine({ options: { commit: 'none' } });
    world.produce(5);
    await world.clock.tick();
    await world.clock.runUntil(a.engine.seek(target, 3));
    await world.clock.tick();
    expect(a.calls.open).toContain('0:3');
    a.calls.finishAll();
    await world.clock.tick();
    await world.drain(a);
    expect(world.cluster.commits).toEqual([]);
  });
});

describe('commits without an interval, or without a number', () => {
  it('come by the number only', async () => {
    const world = new World();
    const a = await world.engine({
      options: { concurrency: 'unordered', commit: { intervalMs: Infinity, records: 3 } },
    });
    world.produce(5);
    await world.clock.tick();
    a.calls.finish(0);
    a.calls.finish(1);
    await world.clock.advance(600_000);
    expect(world.cluster.commits).toEqual([]);
    a.calls.finish(2);
    await world.clock.tick();
    expect(world.stored()?.offset).toBe(3);
    world.cluster.faults.commit();
    a.calls.finish(3);
    a.calls.finish(4);
    await world.clock.tick();
    await world.drain(a);
    expect(world.stored()?.offset).toBe(5); // a drain commits whatever there is
  });

  it('come by the interval only', async () => {
    const world = new World();
    const a = await world.engine({
      options: { concurrency: 'unordered', commit: { intervalMs: 500, records: Infinity } },
    });
    a.calls.respond = () => Promise.resolve();
    world.produce(5_000);
    await world.clock.advance(499);
    expect(world.cluster.commits).toEqual([]);
    await world.clock.advance(1);
    expect(world.stored()?.offset).toBe(5_000);
  });
});

describe('dispositions', () => {
  it('are counted, and every record ends in exactly one', async () => {
    const world = new World();
    world.cluster.createTopic('dlq');
    const onFailure = retryTopics([1_000], deadLetter({ topic: 'dlq' }), { create: true });
    const a = await world.engine({ options: { concurrency: 'unordered', retry: { attempts: 1 }, onFailure } });
    const ends = [new Error('no'), new SkipRecordError(), new RetryLaterError(10), new FreezeError('key')];
    a.calls.respond = ({ offset }) => {
      const error = ends[offset % 5];
      return error === undefined ? Promise.resolve() : Promise.reject(error);
    };
    world.produce(20);
    await world.clock.advance(5);
    a.calls.respond = ({ topic }) => (topic === 't' ? Promise.resolve() : Promise.reject(new Error('no')));
    await world.clock.advance(5_000);
    const { dispositions } = a.engine.inspect().groups[0]?.workers[0] ?? {};
    expect(dispositions).toEqual({
      done: 8, // those that were to come later among them
      skipped: 4,
      'retried-later': 4,
      'dead-lettered': 4,
      frozen: 4,
      abandoned: 0,
    });
    const names = a.of('record.settled').map(({ topic, offset }) => `${topic}:${offset}`);
    expect(new Set(names).size).toBe(names.length);
    await world.drain(a);
    expect(a.engine.inspect().groups[0]?.workers[0]?.dispositions).toMatchObject({ abandoned: 4, frozen: 4 });
    expect(world.clock.pending).toBe(0);
  });
});
