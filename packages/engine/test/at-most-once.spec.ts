import { describe, expect, it } from '@jest/globals';
import {
  CommitError,
  deadLetter,
  fixed,
  FreezeError,
  type DriverConsumer,
  type KafkaDriver,
  type WorkerOptions,
} from '../src/index.js';
import { Calls } from './support/calls.js';
import { seeded } from './support/random.js';
import { World } from './support/world.js';

const options: WorkerOptions = { delivery: 'at-most-once', concurrency: 'unordered' };
const offsets = (world: World): number[] => world.cluster.commits.flatMap((c) => c.offsets.map((o) => o.offset));
const memberId = (world: World): string => world.cluster.group('g').members[0]?.memberId ?? '';

/** As where `offset.metadata.max.bytes` is small. */
function takesMapsUpTo(chars: number, driver: KafkaDriver, asked: () => void): KafkaDriver {
  return {
    ...driver,
    createConsumer: (given): DriverConsumer => {
      const consumer = driver.createConsumer(given);
      const commit = consumer.commit.bind(consumer);
      consumer.commit = async (commits) => {
        asked();
        if (commits.some(({ metadata }) => metadata.length > chars)) {
          throw new CommitError('COMMIT_METADATA_TOO_LARGE', 'the broker takes less');
        }
        await commit(commits);
      };
      return consumer;
    },
  };
}

describe("'at-most-once'", () => {
  it('starts a handler when the commit that passes its record has been acknowledged, not before', async () => {
    const world = new World();
    const a = await world.engine({ options });
    world.cluster.faults.commit({ answerDelayMs: 3_000 });
    world.produce(1);
    await world.clock.advance(2_999);
    expect(world.stored()?.offset).toBe(1);
    expect(a.calls.started).toEqual([]);
    expect(a.partition()).toMatchObject({ running: 1, runningRecords: [{ offset: 0, state: 'claiming' }] });
    await world.clock.advance(1);
    expect(a.calls.open).toEqual(['0:0']);
  });

  it('shares one commit among all that start in one moment, and among those that come while it is under way', async () => {
    const world = new World();
    const a = await world.engine({ options: { ...options, limit: 100 } });
    world.cluster.faults.commit({ answerDelayMs: 1_000 });
    world.produce(30);
    await world.clock.advance(500);
    world.produce(20);
    await world.clock.advance(499);
    expect(offsets(world)).toEqual([30]);
    await world.clock.advance(1);
    expect(offsets(world)).toEqual([30, 50]);
    expect(a.calls.open).toHaveLength(50);
  });

  it('shares one commit among the partitions of a member', async () => {
    const world = new World({ partitions: 4 });
    const a = await world.engine({ options });
    for (const partition of [0, 1, 2, 3]) world.produce(2, partition);
    await world.clock.tick();
    expect(world.cluster.commits).toHaveLength(1);
    expect(a.calls.open).toHaveLength(8);
  });

  it.each([
    ['refused', {}],
    ['not answered', { answerLost: true }],
  ])('asks again for a commit that was %s', async (_, fault) => {
    const world = new World();
    const a = await world.engine({ options });
    world.cluster.faults.commit({ ...fault, times: 2 });
    world.produce(1);
    await world.clock.advance(499);
    expect(a.calls.started).toEqual([]);
    await world.clock.advance(501);
    expect(a.calls.open).toEqual(['0:0']);
    a.calls.finish(0);
    await world.drain(a);
    expect(a.calls.started).toEqual(['0:0']);
    expect(world.clock.pending).toBe(0);
  });

  it('makes one attempt and skips, where nothing else was asked for', async () => {
    const world = new World();
    const a = await world.engine({ options });
    world.produce(1);
    await world.clock.tick();
    a.calls.fail(0);
    await world.clock.advance(60_000);
    expect(a.calls.started).toEqual(['0:0']);
    expect(a.of('record.settled')).toMatchObject([{ offset: 0, disposition: 'skipped', error: { message: 'no' } }]);
    expect(a.partition()).toMatchObject({ buffered: 0, bufferedBytes: 0, running: 0 });
  });

  it('tries again in its own process where asked to, without another commit, and keeps the lane', async () => {
    const world = new World();
    const retry = { attempts: 3, backoff: fixed(1_000) };
    const a = await world.engine({ options: { ...options, concurrency: 'key', retry } });
    world.produce(['x', 'x']);
    await world.clock.tick();
    a.calls.fail(0);
    await world.clock.advance(999);
    expect(a.calls.open).toEqual([]);
    await world.clock.advance(1);
    expect(a.calls.at(0).attempt).toBe(2);
    a.calls.finish(0);
    await world.clock.tick();
    expect(a.calls.open).toEqual(['0:1']);
    expect(offsets(world).filter((offset) => offset === 1)).toHaveLength(1);
  });

  it('sends what fails to the dead-letter topic', async () => {
    const world = new World();
    world.cluster.createTopic('dlq');
    const a = await world.engine({ options: { ...options, onFailure: deadLetter({ topic: 'dlq' }) } });
    world.produce(1);
    await world.clock.tick();
    a.calls.fail(0);
    await world.clock.tick();
    expect(world.cluster.records('dlq')).toHaveLength(1);
    expect(a.of('record.settled')).toMatchObject([{ disposition: 'dead-lettered' }]);
  });

  it('lets a frozen record go on, or past, though no commit waits for it', async () => {
    const world = new World();
    const a = await world.engine({ options: { ...options, concurrency: 'key' } });
    world.produce(['x', 'x', 'y']);
    await world.clock.tick();
    a.calls.fail(0, new FreezeError('key'));
    a.calls.finish(2);
    await world.clock.tick();
    expect(a.partition()).toMatchObject({ frozen: [{ offset: 0 }], frontier: 1, parked: 1 });
    a.engine.unfreeze();
    expect(a.calls.open).toEqual(['0:0']);
    a.calls.fail(0, new FreezeError('key'));
    await world.clock.tick();
    a.engine.unfreeze({}, { skip: true });
    await world.clock.tick();
    expect(a.calls.open).toEqual(['0:1']);
  });
});

describe("'at-most-once' and partitions that go", () => {
  it('a record whose commit is under way takes its slots along', async () => {
    const world = new World();
    const a = await world.engine({ options: { ...options, limit: 2 }, maxConcurrency: 2 });
    world.cluster.faults.commit({ requestDelayMs: 10_000 });
    world.produce(4);
    await world.clock.tick();
    expect(a.engine.inspect().running).toBe(2);
    world.cluster.expireSession(memberId(world));
    await world.clock.tick();
    expect(a.of('group.lost')).toHaveLength(1);
    await world.clock.advance(10_000);
    expect(a.calls.open).toEqual(['0:0', '0:1']); // under the new membership: the commit had not come through
    a.calls.finishAll();
    await world.clock.advance(20_000);
    expect(a.calls.open).toEqual(['0:2', '0:3']);
    a.calls.finishAll();
    await world.clock.tick();
    expect(a.engine.inspect()).toMatchObject({ running: 0, groups: [{ workers: [{ running: 0 }] }] });
  });

  it('a drain waits for the commit, then for the handler', async () => {
    const world = new World({ partitions: 2 });
    const a = await world.engine({ options });
    world.cluster.faults.commit({ times: 2 });
    world.produce(1, 1);
    await world.clock.tick();
    const b = await world.engine({ options });
    await world.clock.advance(1_000);
    expect(a.calls.open).toEqual(['1:0']);
    expect(b.held).toEqual([]);
    a.calls.finish(0, 1);
    await world.clock.advance(1_000);
    expect(b.held).toEqual([1]);
    expect(b.calls.all).toEqual([]);
    expect(world.stored(1)?.offset).toBe(1);
  });

  it('a handler that was cut off is not called again', async () => {
    const world = new World({ partitions: 2 });
    const a = await world.engine({ options, rebalance: { strategy: 'commit-completed' } });
    world.produce(1);
    await world.clock.tick();
    const b = await world.engine({ options });
    await world.clock.tick();
    expect(a.calls.at(0).signal.reason).toMatchObject({ cause: 'rebalance' });
    a.calls.fail(0, new Error('aborted'));
    await world.clock.advance(60_000);
    expect([...a.calls.started, ...b.calls.started]).toEqual(['0:0']);
    expect(a.of('record.settled')).toMatchObject([{ disposition: 'skipped' }]);
  });

  it('starts nothing when the commit is acknowledged after the group was left', async () => {
    const world = new World();
    const a = await world.engine({ options, shutdown: { graceMs: 100, forceMs: 100 } });
    world.cluster.faults.commit({ answerDelayMs: 10_000 });
    world.produce(1);
    await world.clock.tick();
    const drained = a.engine.drain();
    await world.clock.advance(60_000);
    await drained;
    expect(a.calls.all).toEqual([]);
    expect(a.of('record.settled')).toMatchObject([{ offset: 0, disposition: 'abandoned' }]);
    expect(world.clock.pending).toBe(0);
  });

  it.each([0, 8, 20])('goes on where the broker takes %d characters of a map, and does not run hot', async (most) => {
    const world = new World();
    const calls = new Calls();
    let asked = 0;
    const a = await world.engine({
      calls,
      options: { ...options, concurrency: 'key', limit: 20 },
      driver: (driver) => takesMapsUpTo(most, driver, () => asked++),
    });
    calls.respond = ({ key }) => (key === 'k0' ? undefined : Promise.resolve());
    world.produce(Array.from({ length: 100 }, (_, i) => `k${(i * i) % 13}`)); // the keys that start first lie apart
    await world.clock.advance(60_000);
    const slow = calls.running;
    expect(slow.map(({ key }) => key)).toEqual(['k0']);
    calls.respond = () => Promise.resolve();
    slow[0]?.end.resolve();
    await world.clock.advance(60_000);
    expect(calls.all).toHaveLength(100);
    expect(calls.handled.size).toBe(100);
    expect(world.stored()).toEqual({ offset: 100, done: [] });
    expect(asked).toBeLessThan(250);
    expect(a.of('commit.failed').length).toBeLessThan(50);
    expect(a.of('map.held').length).toBeLessThan(50);
  });

  it('never hands a record over twice, whenever a process dies, and loses few', async () => {
    let handled = 0;
    for (let seed = 1; seed <= 4; seed++) {
      const random = seeded(seed);
      const pick = (n: number): number => Math.floor(random() * n);
      const world = new World({ partitions: 2, latencyMs: () => pick(4) });
      const starts = new Map<string, number>();
      const calls = new Calls();
      calls.respond = async ({ partition, offset }) => {
        const name = `${partition}:${offset}`;
        starts.set(name, (starts.get(name) ?? 0) + 1);
        await new Promise<void>((resolve) => world.clock.setTimer(resolve, pick(30)));
        if (random() < 0.1) throw new Error('no');
      };
      const concurrency = (['key', 'partition', 'unordered'] as const)[seed % 3] as 'key';
      for (let step = 0; step < 12; step++) {
        for (const partition of [0, 1])
          world.produce(
            Array.from({ length: 10 }, () => `k${pick(3)}`),
            partition,
          );
        await world.engine({ calls, options: { ...options, concurrency, limit: 4 } });
        for (let i = 0; i < 6; i++) {
          const fault = pick(4);
          if (fault === 0) world.cluster.faults.commit({ answerLost: true });
          else if (fault === 1) world.cluster.faults.commit({ requestDelayMs: pick(20) });
          await world.clock.advance(pick(40));
        }
        const [victim] = world.cluster.consumers('g');
        if (random() < 0.5) world.cluster.crash(victim as never);
        else world.cluster.expireSession(memberId(world));
      }
      await world.clock.advance(120_000);
      expect([...starts].filter(([, times]) => times > 1)).toEqual([]);
      expect(world.cluster.lag('g')).toBe(0);
      handled += starts.size;
    }
    expect(handled).toBeGreaterThan(800); // of 960
  });
});

describe("'at-most-once' beside others of its group", () => {
  it('does not keep their commits from being made', async () => {
    const world = new World({ latencyMs: 5 });
    world.cluster.createTopic('u');
    const handle = (): Promise<void> => new Promise((resolve) => world.clock.setTimer(resolve, 7));
    await world.engine({
      workers: [
        { id: 'w', groupId: 'g', topics: ['t'], options: { ...options, limit: 3 }, handle },
        { id: 'v', groupId: 'g', topics: ['u'], options: { commit: { intervalMs: 100 } }, handle },
      ],
    });
    world.produce(1, 0, 'u');
    for (let i = 0; i < 200; i++) {
      world.produce(2);
      await world.clock.advance(5);
    }
    expect(world.stored(0, 'g', 'u')?.offset).toBe(1);
  });
});
