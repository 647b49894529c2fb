import { describe, expect, it } from '@jest/globals';
import { fixed, freeze } from '../src/index.js';
import { Calls } from './support/calls.js';
import { World } from './support/world.js';

const unordered = { concurrency: 'unordered', commit: { intervalMs: 60_000, records: 1_000 } } as const;

describe('an eager rebalance with drain', () => {
  it('waits for running handlers, starts nothing new, and commits before it gives anything away', async () => {
    const world = new World({ partitions: 2 });
    const a = await world.engine({ options: { limit: 2 } });
    world.produce(3);
    world.produce(3, 1);
    await world.clock.tick();
    expect(a.calls.open).toEqual(['0:0', '1:0']);
    const b = await world.engine({ options: { limit: 2 } });
    await world.clock.advance(10_000);
    expect(world.cluster.group('g').state).toBe('PreparingRebalance');
    a.calls.finish(0);
    await world.clock.tick();
    expect(a.calls.open).toEqual(['1:0']);
    expect(world.cluster.commits).toEqual([]);
    a.calls.finish(0, 1);
    await world.clock.tick();
    expect(a.of('drain.finished')).toMatchObject([{ cause: 'rebalance', outcome: 'drained', finished: 2, left: 0 }]);
    expect([a.held, b.held]).toEqual([[0], [1]]);
    expect([world.stored(0)?.offset, world.stored(1)?.offset]).toEqual([1, 1]);
    expect(a.calls.open).toEqual(['0:1']);
    expect(b.calls.open).toEqual(['1:1']);
    expect(a.of('group.rebalanced').at(-1)).toMatchObject({
      assigned: [],
      kept: [{ topic: 't', partition: 0 }],
      revoked: [{ topic: 't', partition: 1 }],
      durationMs: 10_000,
    });
    expect(world.violations).toEqual([]);
  });

  it('sends one commit at the end of the drain, whatever the cadence', async () => {
    const world = new World({ partitions: 2 });
    const a = await world.engine({ options: { limit: 4, commit: 'each' } });
    world.produce(1);
    world.produce(1, 1);
    await world.clock.tick();
    await world.engine();
    await world.clock.tick();
    a.calls.finish(0);
    await world.clock.advance(5_000);
    expect(world.cluster.commits).toHaveLength(0);
    a.calls.finish(0, 1);
    await world.clock.tick();
    expect(world.cluster.commits).toHaveLength(1);
    expect([world.stored(0)?.offset, world.stored(1)?.offset]).toEqual([1, 1]);
  });

  it('a kept partition goes on where it stood: nothing twice, buffer, pause and freeze as before', async () => {
    const world = new World({ partitions: 4 });
    const a = await world.engine({
      options: { ...unordered, concurrency: 'key', limit: 4, retry: { attempts: 1 }, onFailure: freeze('key') },
    });
    world.produce(['x', 'y', 'x', 'y', 'z', 'z', 'u'], 0);
    world.produce(['p', 'p'], 2);
    await world.clock.tick();
    a.calls.fail(0); // freezes key x
    await world.clock.tick();
    a.calls.finish(0, 2);
    await world.clock.tick();
    a.engine.pause({ topic: 't', partition: 2 });
    a.calls.finish(1);
    await world.clock.tick();
    const before = a.partition(0);
    const epochs = [a.partition(0).epoch, a.partition(2).epoch];
    const b = await world.engine({ options: { limit: 4 } });
    a.calls.finishAll();
    await world.clock.tick();
    expect([a.held, b.held]).toEqual([
      [0, 2],
      [1, 3],
    ]);
    expect([a.partition(0).epoch, a.partition(2).epoch]).toEqual(epochs);
    expect(a.partition(2).paused).toBe(true);
    expect(a.partition(0).frozen).toMatchObject([{ scope: 'key', offset: 0, key: 'x' }]);
    expect(a.partition(0).position).toBe(before.position);
    for (let i = 0; i < 10; i++) {
      a.calls.finishAll();
      await world.clock.tick();
    }
    const started = a.calls.started;
    expect(new Set(started).size).toBe(started.length);
    expect(started.filter((s) => s.startsWith('0:')).sort()).toEqual(['0:0', '0:1', '0:3', '0:4', '0:5', '0:6']);
    await world.clock.advance(60_000);
    expect(world.stored(0)).toEqual({
      offset: 0,
      done: [
        { from: 1, to: 2 },
        { from: 3, to: 7 },
      ],
    });
    expect(b.calls.started).toEqual([]);
    expect(world.violations).toEqual([]);
  });

  it('a kept partition that was frozen as a whole stays frozen', async () => {
    const world = new World({ partitions: 2 });
    const a = await world.engine({ options: { retry: { attempts: 1 } } });
    world.produce(3);
    await world.clock.tick();
    a.calls.fail(0);
    await world.clock.tick();
    const b = await world.engine();
    await world.clock.advance(1_000);
    expect([a.held, b.held]).toEqual([[0], [1]]);
    expect(a.partition(0).frozen).toMatchObject([{ scope: 'partition', offset: 0 }]);
    expect(a.calls.started).toEqual(['0:0']);
    a.engine.unfreeze();
    expect(a.calls.open).toEqual(['0:0']);
  });

  it('a kept partition goes on although the client delivers again from the committed offset', async () => {
    const world = new World({ partitions: 2 });
    const a = await world.engine({ options: { ...unordered, limit: 2 } });
    world.produce(6);
    await world.clock.tick();
    world.cluster.faults.redeliverAfterJoin(true);
    a.calls.finish(1);
    await world.clock.tick();
    await world.engine();
    a.calls.finishAll();
    await world.clock.tick();
    for (let i = 0; i < 10; i++) {
      a.calls.finishAll();
      await world.clock.tick();
    }
    expect([...a.calls.started].sort()).toEqual(['0:0', '0:1', '0:2', '0:3', '0:4', '0:5']);
    expect(a.partition().buffered).toBe(0);
  });

  it('a retry whose wait ends during the drain starts after it', async () => {
    const world = new World({ partitions: 2 });
    const a = await world.engine({ options: { retry: { attempts: 3, backoff: fixed(500) }, limit: 4 } });
    world.produce(1);
    world.produce(1, 1);
    await world.clock.tick();
    a.calls.fail(0);
    await world.clock.tick();
    await world.engine();
    await world.clock.advance(2_000);
    expect(a.calls.open).toEqual(['1:0']);
    a.calls.finish(0, 1);
    await world.clock.tick();
    expect(a.held).toEqual([0]);
    expect(a.calls.open).toEqual(['0:0']);
    expect(a.calls.at(0).attempt).toBe(2);
  });

  it('what is waiting for its retry goes with the partition, to its next owner', async () => {
    const world = new World({ partitions: 2 });
    const a = await world.engine({ options: { retry: { attempts: 3, backoff: fixed(60_000) } } });
    world.produce(2, 1);
    await world.clock.tick();
    a.calls.fail(0, undefined, 1);
    await world.clock.tick();
    const b = await world.engine();
    await world.clock.tick();
    expect(b.calls.open).toEqual(['1:0']);
    await world.clock.advance(120_000);
    expect(a.calls.open).toEqual([]);
    expect(a.of('record.settled').map((e) => [e.offset, e.disposition])).toEqual([
      [0, 'abandoned'],
      [1, 'abandoned'],
    ]);
  });

  it('that runs out of time leaves the partition: the late result commits nothing and the new owner gets it', async () => {
    const world = new World({ partitions: 2 });
    const a = await world.engine({ rebalance: { timeoutMs: 5_000 }, options: { limit: 4, commit: 'each' } });
    world.produce(2);
    world.produce(2, 1);
    await world.clock.tick();
    const b = await world.engine({ options: { commit: 'each' } });
    a.calls.finish(0);
    await world.clock.advance(5_000);
    expect(a.of('drain.finished')).toMatchObject([{ outcome: 'timeout', finished: 1, left: 1, durationMs: 5_000 }]);
    expect([a.held, b.held]).toEqual([[0], [1]]);
    expect(b.calls.open).toEqual(['1:0']);
    const late = a.calls.at(0, 1);
    expect(late.signal.reason).toMatchObject({ name: 'AbortError', cause: 'rebalance' });
    const commits = world.cluster.commits.length;
    a.calls.finish(0, 1);
    await world.clock.advance(10_000);
    expect(a.of('record.late')).toMatchObject([{ partition: 1, offset: 0, outcome: 'done' }]);
    expect(world.cluster.commits.slice(commits).flatMap((c) => c.offsets.filter((o) => o.partition === 1))).toEqual([]);
    expect(world.stored(1)?.offset ?? 0).toBe(0);
  });

  it('leaves itself time to commit before the group goes on without it', async () => {
    const world = new World({ partitions: 2 });
    const a = await world.engine({ options: { limit: 4, ...unordered }, rebalanceTimeoutMs: 30_000 });
    world.produce(2, 1);
    await world.clock.tick();
    await world.engine({ rebalanceTimeoutMs: 30_000 });
    a.calls.finish(0, 1);
    await world.clock.advance(60_000);
    expect(a.of('drain.finished')).toMatchObject([{ outcome: 'timeout', durationMs: 27_000 }]);
    expect(a.of('group.lost')).toEqual([]);
    expect(world.stored(1)?.offset).toBe(1);
  });

  it('gives up a done-set that the next owner does not repeat', async () => {
    const world = new World({ partitions: 2 });
    const calls = new Calls();
    const a = await world.engine({ calls, options: { ...unordered, limit: 8 }, rebalance: { timeoutMs: 1_000 } });
    world.produce(8, 1);
    await world.clock.tick();
    for (const offset of [1, 2, 5]) a.calls.finish(offset, 1);
    await world.clock.tick();
    const b = await world.engine({ options: { ...unordered, limit: 8 } });
    await world.clock.advance(1_000);
    expect(b.calls.open).toEqual(['1:0', '1:3', '1:4', '1:6', '1:7']);
    b.calls.finishAll();
    await world.clock.advance(60_000);
    expect(world.stored(1)).toEqual({ offset: 8, done: [] });
  });
});

describe("an eager rebalance with strategy 'commit-completed'", () => {
  it('aborts, commits what is settled and waits for nothing', async () => {
    const world = new World({ partitions: 2 });
    const a = await world.engine({ options: { ...unordered, limit: 4 }, rebalance: { strategy: 'commit-completed' } });
    world.produce(2);
    world.produce(2, 1);
    await world.clock.tick();
    a.calls.finish(1, 1);
    await world.clock.tick();
    const running = a.calls.running;
    const b = await world.engine({ options: unordered });
    await world.clock.tick();
    expect(running.map((call) => (call.signal.reason as Error | undefined)?.cause)).toEqual(Array(3).fill('rebalance'));
    expect(a.of('drain.finished')).toMatchObject([{ outcome: 'completed', left: 3, durationMs: 0 }]);
    expect(world.stored(1)).toEqual({ offset: 0, done: [{ from: 1, to: 2 }] });
    expect(b.calls.open).toEqual(['1:0']);
  });

  it('begins an aborted record of a kept partition anew, without counting the attempt', async () => {
    const world = new World({ partitions: 2 });
    const a = await world.engine({
      options: { limit: 4, retry: { attempts: 1 } },
      rebalance: { strategy: 'commit-completed' },
    });
    world.produce(2);
    await world.clock.tick();
    await world.engine();
    await world.clock.tick();
    expect(a.calls.open).toEqual(['0:0']);
    a.calls.fail(0, new Error('aborted'));
    await world.clock.tick();
    expect(a.calls.open).toEqual(['0:0']);
    expect(a.calls.at(0)).toMatchObject({ attempt: 1, signal: { aborted: false } });
    expect(a.partition().frozen).toEqual([]);
  });

  it('takes the success of an aborted handler whose partition is kept', async () => {
    const world = new World({ partitions: 2 });
    const a = await world.engine({ options: { commit: 'each' }, rebalance: { strategy: 'commit-completed' } });
    world.produce(2);
    await world.clock.tick();
    await world.engine();
    await world.clock.tick();
    a.calls.finish(0);
    await world.clock.tick();
    expect(a.calls.started).toEqual(['0:0', '0:1']);
    expect(world.stored()?.offset).toBe(1);
  });
});
