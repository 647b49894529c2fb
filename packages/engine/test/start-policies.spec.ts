import { describe, expect, it } from '@jest/globals';
import { transactional, type ConfigurationError, type EngineOptions, type KafkaDriver } from '../src/index.js';
import { TransactionWorld } from './support/transactions.js';
import { World, type Member } from './support/world.js';

const target = { topic: 't', partition: 0 };
const groupWith = (world: World, offset: number, partition = 0): void => {
  const transaction = world.cluster.beginTransaction('by hand');
  transaction.commitOffsets('g', [{ topic: 't', partition, offset, metadata: '' }]);
  transaction.commit();
};

/** The broker has forgotten a partition's offset after the start was checked. */
const forgetting =
  (forgotten: number) =>
  (driver: KafkaDriver): KafkaDriver => ({
    ...driver,
    createConsumer: (options) => {
      const consumer = driver.createConsumer(options);
      const committed = consumer.committed.bind(consumer);
      return Object.assign(consumer, {
        committed: async (partitions: Parameters<typeof committed>[0]) =>
          (await committed(partitions)).map((one) =>
            one.partition === forgotten ? { ...one, offset: undefined, metadata: '' } : one,
          ),
      });
    },
  });

describe("startFrom: 'none'", () => {
  it('refuses to start where a partition has no offset, and names every one', async () => {
    const world = new World({ partitions: 3 });
    world.cluster.createTopic('u');
    groupWith(world, 0, 1);
    const topics = { groupId: 'g', handle: () => undefined };
    const { engine } = world.make({
      startFrom: 'none',
      workers: [
        { id: 'w', topics: ['t'], ...topics },
        { id: 'v', topics: ['u'], ...topics },
      ],
    });
    const refused = engine.start().catch((error: ConfigurationError) => error.mistakes);
    expect(await world.clock.runUntil(refused)).toMatchObject([
      { where: 'w', option: 'startFrom', message: expect.stringContaining('partition 0, 2 of') as unknown },
      { where: 'v', option: 'startFrom' },
    ]);
    expect(world.cluster.consumers()).toEqual([]);
    expect(world.clock.pending).toBe(0);
  });

  it('starts where the group stands', async () => {
    const world = new World();
    world.produce(5);
    groupWith(world, 3);
    const a = await world.engine({ startFrom: 'none' });
    expect(a.calls.open).toEqual(['0:3']);
  });

  it('holds a partition that has lost its offset by the time it comes, and lets the others go on', async () => {
    const world = new World({ partitions: 2 });
    for (const partition of [0, 1]) {
      world.produce(3, partition);
      groupWith(world, 1, partition);
    }
    const a = await world.engine({ startFrom: 'none', driver: forgetting(0), options: { commit: 'each' } });
    expect(a.calls.open).toEqual(['1:1']);
    expect(a.of('position.held')).toMatchObject([{ partition: 0, reason: expect.stringContaining('seek') as unknown }]);
    expect(a.partition().held).toContain("startFrom is 'none'");
    a.calls.finish(1, 1);
    await world.clock.advance(1_000);
    expect([world.stored(0)?.offset, world.stored(1)?.offset]).toEqual([1, 2]);
    await world.clock.runUntil(a.engine.seek(target, 2));
    await world.clock.tick();
    expect(a.calls.open).toEqual(['1:2', '0:2']);
    expect(a.partition().held).toBeUndefined();
    expect(world.stored(0)?.offset).toBe(2);
    a.calls.finish(2);
    await world.clock.tick();
    expect(world.stored(0)?.offset).toBe(3);
  });

  it('keeps a partition held over a rebalance that leaves it here, commits nothing for it, and drains', async () => {
    const world = new World({ partitions: 2 });
    for (const partition of [0, 1]) {
      world.produce(3, partition);
      groupWith(world, 1, partition);
    }
    const setup = { startFrom: 'none', driver: forgetting(0) } as const;
    const a = await world.engine(setup);
    a.calls.finishAll();
    await world.clock.tick();
    const b = await world.engine(setup);
    await world.clock.advance(1_000);
    for (const member of [a, b]) member.calls.finishAll();
    await world.clock.advance(1_000);
    const owner = a.held.includes(0) ? a : b;
    expect(owner.partition().held).toBeDefined();
    expect([...a.calls.started, ...b.calls.started].filter((start) => start.startsWith('0:'))).toEqual([]);
    await world.drain(a, b);
    expect(world.stored(0)?.offset).toBe(1);
    expect(world.clock.pending).toBe(0);
  });
});

describe('maxRewind', () => {
  /** The group is at 20, and the log ends at 8. */
  async function cut(options: Pick<EngineOptions, 'maxRewind' | 'startFrom'>): Promise<[World, Member]> {
    const world = new World();
    world.produce(20);
    groupWith(world, 20);
    world.cluster.truncate('t', 0, 8);
    const a = await world.engine({ ...options, options: { commit: 'each', concurrency: 'unordered', limit: 50 } });
    return [world, a];
  }

  it('goes back to the beginning where that repeats no more than it allows', async () => {
    for (const maxRewind of [8, Infinity, undefined]) {
      const [, a] = await cut(maxRewind === undefined ? {} : { maxRewind });
      expect(a.calls.open).toHaveLength(8);
      expect(a.of('position.reset')).toMatchObject([{ from: 20, to: 0 }]);
    }
  });

  it('holds the partition where it would repeat more, until somebody seeks', async () => {
    const [world, a] = await cut({ maxRewind: 7 });
    expect(a.calls.open).toEqual([]);
    expect(a.of('position.reset')).toEqual([]);
    expect(a.of('position.held')).toMatchObject([
      { reason: expect.stringContaining('more than maxRewind 7') as unknown },
    ]);
    world.produce(5);
    await world.clock.advance(60_000);
    expect(a.calls.open).toEqual([]);
    expect(world.stored()?.offset).toBe(20);
    await world.clock.runUntil(a.engine.seek(target, 6));
    await world.clock.tick();
    expect(a.calls.open).toHaveLength(7);
    expect(world.stored()?.offset).toBe(6);
    expect(world.violations).toHaveLength(6); // 0 to 5 were given up by hand
  });

  it('counts what is there, not what was', async () => {
    const world = new World();
    world.produce(20);
    groupWith(world, 30);
    world.cluster.deleteRecordsBefore('t', 0, 15);
    const a = await world.engine({ maxRewind: 5, options: { concurrency: 'unordered' } });
    expect(a.calls.open).toHaveLength(5);
  });

  it('repeats nothing where the group starts at the end anyhow', async () => {
    const [world, a] = await cut({ maxRewind: 0, startFrom: 'latest' });
    world.produce(1);
    await world.clock.tick();
    expect(a.calls.open).toEqual(['0:8']);
  });

  it('holds a transactional partition too: no sign of life moves its offset', async () => {
    const world = new TransactionWorld({ partitions: 2 });
    world.produce(20);
    groupWith(world, 20);
    world.cluster.truncate('t', 0, 8);
    const setup = { maxRewind: 0, inMemory: { heartbeatsDuringRevoke: false }, sessionTimeoutMs: 9_000 };
    const a = await world.engine({ ...setup, driver: world.driver, options: { delivery: transactional() } });
    world.produce(1, 1);
    await world.clock.tick();
    await world.engine({ ...setup, options: { delivery: transactional() } });
    await world.clock.advance(20_000);
    expect(a.of('group.lost')).toEqual([]);
    a.calls.finishAll();
    await world.clock.advance(1_000);
    expect([world.stored(0)?.offset, world.stored(1)?.offset]).toEqual([20, 1]);
  });
});
