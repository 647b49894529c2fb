import { describe, expect, it } from '@jest/globals';
import { deferred } from '@kafka-worker/testing';
import { fixed, KafkaWorkerError, type KafkaDriver } from '../src/index.js';
import { World } from './support/world.js';

describe('drain()', () => {
  it('lets running handlers finish, commits them and leaves the group', async () => {
    const world = new World();
    const a = await world.engine({ options: { concurrency: 'unordered', limit: 2 } });
    world.produce(5);
    await world.clock.tick();
    const drained = a.engine.drain();
    expect(a.engine.state).toBe('DRAINING');
    await world.clock.advance(5_000);
    a.calls.finish(0);
    await world.clock.tick();
    expect(a.calls.open).toEqual(['0:1']);
    a.calls.finish(1);
    await world.clock.runUntil(drained);
    expect(a.engine.state).toBe('STOPPED');
    expect(a.calls.started).toEqual(['0:0', '0:1']);
    expect(world.stored()).toEqual({ offset: 2, done: [] });
    expect(world.cluster.group('g')).toMatchObject({ state: 'Empty', members: [] });
    expect(a.of('drain.finished')).toMatchObject([{ cause: 'shutdown', outcome: 'drained', finished: 2, left: 0 }]);
    expect(a.of('engine.state').map((event) => event.state)).toEqual(['RUNNING', 'DRAINING', 'STOPPED']);
    expect(world.violations).toEqual([]);
  });

  it('aborts after graceMs, goes after forceMs, and drops what comes later', async () => {
    const world = new World();
    const a = await world.engine({
      options: { concurrency: 'unordered', limit: 3 },
      shutdown: { graceMs: 4_000, forceMs: 2_000 },
    });
    world.produce(5);
    await world.clock.tick();
    const [first, second, third] = a.calls.running;
    let ended = false;
    const drained = a.engine.drain().then(() => (ended = true));
    await world.clock.advance(3_999);
    expect(first?.signal.aborted).toBe(false);
    await world.clock.advance(1);
    expect(a.calls.all.map((call) => (call.signal.reason as Error).cause)).toEqual(Array(3).fill('shutdown'));
    first?.end.resolve(); // done in spite of it
    second?.end.reject(new Error('aborted'));
    await world.clock.advance(1_999);
    expect(ended).toBe(false);
    await world.clock.advance(1);
    await drained;
    expect(world.stored()).toEqual({ offset: 1, done: [] });
    expect(a.of('drain.finished')).toMatchObject([{ outcome: 'timeout', left: 1, durationMs: 6_000 }]);
    third?.end.resolve();
    await world.clock.advance(60_000);
    expect(a.of('record.late')).toMatchObject([{ offset: 2 }]);
    expect(a.calls.all).toHaveLength(3);
    expect(world.stored()?.offset).toBe(1);
    expect(a.of('frozen')).toEqual([]);
  });

  it('is the same promise each time', async () => {
    const world = new World();
    const { engine } = await world.engine();
    const drained = engine.drain();
    expect(engine.drain()).toBe(drained);
    await world.clock.runUntil(drained);
    expect(engine.drain()).toBe(drained);
  });

  it('before start ends at once, and start is refused from then on', async () => {
    const world = new World();
    const { engine } = world.make();
    await engine.drain();
    expect(engine.state).toBe('STOPPED');
    await expect(engine.start()).rejects.toMatchObject({ code: 'NOT_RUNNING' });
  });

  it('during start leaves no member behind', async () => {
    const world = new World({ latencyMs: 20 });
    const { engine } = world.make();
    const started = engine.start();
    await world.clock.advance(30);
    const drained = engine.drain();
    await world.clock.runUntil(Promise.allSettled([started, drained]));
    expect(engine.state).toBe('STOPPED');
    await world.clock.advance(120_000);
    expect(world.cluster.consumers()).toEqual([]);
    expect(world.cluster.group('g').members).toEqual([]);
    expect(engine.inspect().groups.flatMap((group) => group.partitions)).toEqual([]);
  });

  it('while the first assignment is looked up leaves no partition behind', async () => {
    const world = new World({ latencyMs: 20 });
    const a = world.make();
    const started = a.engine.start();
    while (world.cluster.group('g').state !== 'Stable') await world.clock.advance(5);
    await world.clock.advance(25);
    expect(a.of('group.rebalanced')).toEqual([]);
    await started;
    await world.clock.runUntil(a.engine.drain());
    await world.clock.advance(120_000);
    expect(a.engine.inspect().groups.flatMap((group) => group.partitions)).toEqual([]);
    expect(world.cluster.group('g').members).toEqual([]);
  });

  it('of a start that failed ends too', async () => {
    const world = new World();
    const { engine } = world.make({ workers: [{ id: 'w', groupId: 'g', topics: ['nope'], handle: () => undefined }] });
    const started = engine.start();
    started.catch(() => undefined);
    await world.clock.tick();
    await expect(started).rejects.toMatchObject({ code: 'CONFIGURATION' });
    await world.clock.runUntil(engine.drain());
    expect(engine.state).toBe('STOPPED');
  });

  it.each(['createConsumer', 'start'] as const)(
    'of a start whose second client fails in %s closes the first',
    async (at) => {
      const world = new World();
      world.cluster.createTopic('u');
      const failing = (driver: KafkaDriver): KafkaDriver => ({
        ...driver,
        createConsumer: (options) => {
          const consumer = driver.createConsumer(options);
          if (options.groupId !== 'h') return consumer;
          if (at === 'createConsumer') throw new KafkaWorkerError('CONNECTION', 'no broker');
          return Object.assign(consumer, {
            start: () => Promise.reject(new KafkaWorkerError('CONNECTION', 'no broker')),
          });
        },
      });
      const handle = (): void => undefined;
      const { engine } = world.make({
        driver: failing,
        workers: [
          { id: 'v', groupId: 'g', topics: ['t'], handle },
          { id: 'w', groupId: 'h', topics: ['u'], handle },
        ],
      });
      const started = engine.start();
      started.catch(() => undefined);
      await world.clock.advance(1_000);
      await expect(started).rejects.toMatchObject({ code: 'CONNECTION' });
      expect(engine.state).toBe(at === 'start' ? 'STOPPED' : 'INITIALIZED');
      expect(world.cluster.consumers()).toEqual([]);
      await world.clock.runUntil(engine.drain());
      expect(engine.state).toBe('STOPPED');
    },
  );

  it('tries the last commit again where that can help', async () => {
    const world = new World();
    const a = await world.engine({ options: { commit: { intervalMs: 60_000 } } });
    world.produce(2);
    await world.clock.tick();
    a.calls.finish(0);
    await world.clock.tick();
    a.calls.finish(1);
    await world.clock.tick();
    world.cluster.faults.commit({ times: 2 });
    await world.drain(a);
    expect(world.stored()).toEqual({ offset: 2, done: [] });
  });

  it('leaves no timer, no member and no consumer behind, whatever was going on', async () => {
    const world = new World({ partitions: 4 });
    const a = await world.engine({
      options: { limit: 8, concurrency: 'key', timeoutMs: 90_000, retry: { attempts: 3, backoff: fixed(80_000) } },
      shutdown: { graceMs: 1_000, forceMs: 1_000 },
    });
    for (let partition = 0; partition < 4; partition++) world.produce(['a', 'b', 'c', null], partition);
    await world.clock.tick();
    a.calls.fail(0); // waits for a retry
    a.calls.finish(1); // a commit is due
    await world.clock.tick();
    const left = a.calls.running.length;
    expect(left).toBeGreaterThan(0); // never end
    await world.drain(a);
    expect(world.clock.pending).toBe(0);
    expect(world.cluster.consumers()).toEqual([]);
    expect(world.cluster.group('g').members).toEqual([]);
    expect(a.engine.inspect()).toMatchObject({ state: 'STOPPED', running: 0 });
    const before = a.calls.all.length;
    a.calls.finishAll();
    await world.clock.tick();
    expect(world.clock.pending).toBe(0);
    expect(a.calls.all).toHaveLength(before);
  });

  it('lets a rebalance that comes in between go on, and leaves the group with what finished', async () => {
    const world = new World({ partitions: 2 });
    const a = await world.engine({ options: { limit: 4 } });
    world.produce(2);
    world.produce(2, 1);
    await world.clock.tick();
    const drained = a.engine.drain();
    await world.clock.advance(1_000);
    const b = await world.engine();
    await world.clock.advance(1_000);
    a.calls.finish(0);
    a.calls.finish(0, 1);
    await world.clock.runUntil(drained);
    expect(a.calls.started).toEqual(['0:0', '1:0']);
    expect([world.stored(0)?.offset, world.stored(1)?.offset]).toEqual([1, 1]);
    await world.clock.advance(1_000);
    expect(b.held).toEqual([0, 1]);
    expect(b.calls.open).toEqual(['0:1', '1:1']);
  });

  it('ends although the broker does not answer the last commit', async () => {
    const world = new World();
    const silent = (driver: KafkaDriver): KafkaDriver => ({
      ...driver,
      createConsumer: (options) =>
        Object.assign(driver.createConsumer(options), { commit: () => new Promise<void>(() => undefined) }),
    });
    const a = await world.engine({ driver: silent, shutdown: { graceMs: 1_000, forceMs: 1_000 } });
    world.produce(1);
    await world.clock.tick();
    a.calls.finish(0);
    await world.clock.tick();
    const drained = a.engine.drain();
    await world.clock.advance(30_000);
    expect(a.engine.state).toBe('STOPPED');
    await drained;
    expect(world.clock.pending).toBe(0);
  });

  it('ends although start never does', async () => {
    const world = new World();
    const never = deferred();
    const hanging = (driver: KafkaDriver): KafkaDriver => ({
      ...driver,
      createConsumer: (options) => Object.assign(driver.createConsumer(options), { start: () => never.promise }),
    });
    const { engine } = world.make({ driver: hanging, shutdown: { graceMs: 1_000, forceMs: 1_000 } });
    void engine.start();
    await world.clock.tick();
    const drained = engine.drain();
    await world.clock.advance(5_000);
    expect(engine.state).toBe('STOPPED');
    await drained;
  });
});
