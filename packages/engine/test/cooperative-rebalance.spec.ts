import { describe, expect, it } from '@jest/globals';
import type { KafkaDriver } from '../src/index.js';
import { World } from './support/world.js';

const inMemory = { incrementalRebalance: true };

describe('a cooperative rebalance', () => {
  it('drains only what leaves: the rest never stops', async () => {
    const world = new World({ partitions: 2 });
    const options = { limit: 4, commit: { intervalMs: 60_000 } };
    const a = await world.engine({ inMemory, options });
    world.produce(5);
    world.produce(5, 1);
    await world.clock.tick();
    const b = await world.engine({ inMemory, options });
    await world.clock.tick();
    expect(a.of('drain.started')).toMatchObject([{ cause: 'rebalance', running: 1 }]);
    const leaving = a.partition(0).draining ? 0 : 1;
    const staying = 1 - leaving;
    for (let offset = 0; offset < 3; offset++) {
      a.calls.finish(offset, staying);
      await world.clock.tick();
    }
    expect(a.calls.open.sort()).toEqual([`${leaving}:0`, `${staying}:3`].sort());
    expect(b.held).toEqual([]);
    a.calls.finish(0, leaving);
    await world.clock.tick();
    expect([a.held, b.held]).toEqual([[staying], [leaving]]);
    expect(b.calls.open).toEqual([`${leaving}:1`]);
    expect(world.stored(leaving)?.offset).toBe(1);
    expect(a.calls.open).toEqual([`${staying}:3`]);
    await world.clock.advance(60_000);
    expect(a.of('group.lost')).toEqual([]);
    expect(world.violations).toEqual([]);
  });

  it('commits by cadence again when it is over', async () => {
    const world = new World({ partitions: 2 });
    const options = { limit: 4, commit: 'each' } as const;
    const a = await world.engine({ inMemory, options });
    world.produce(5);
    world.produce(5, 1);
    await world.clock.tick();
    await world.engine({ inMemory, options });
    await world.clock.tick();
    const staying = a.partition(0).draining ? 1 : 0;
    a.calls.finish(0, 1 - staying);
    await world.clock.tick();
    a.calls.finish(0, staying);
    await world.clock.tick();
    expect(world.stored(staying)?.offset).toBe(1);
  });

  it('is not kept up by what goes on being settled in the partitions that stay', async () => {
    const world = new World({ partitions: 2, latencyMs: 5 });
    const options = { limit: 4, commit: 'each' } as const;
    const a = await world.engine({ inMemory, options });
    await world.clock.advance(100);
    a.calls.respond = () => new Promise((resolve) => world.clock.setTimer(resolve, 2));
    for (const partition of [0, 1]) world.produce(2_000, partition);
    await world.clock.advance(100);
    const b = await world.engine({ inMemory, options });
    await world.clock.advance(500);
    expect(a.of('drain.finished')).toMatchObject([{ cause: 'rebalance', outcome: 'drained' }]);
    expect(b.held).toHaveLength(1);
    expect(a.of('group.lost')).toEqual([]);
  });
});

describe('a client that sends no heartbeats while partitions are given back', () => {
  it('is kept in its group by commits', async () => {
    const world = new World({ partitions: 2 });
    const keeping = (driver: KafkaDriver): KafkaDriver => ({
      ...driver,
      capabilities: { ...driver.capabilities, keepAliveDuringRevokeMs: (o) => (o.sessionTimeoutMs ?? 0) / 3 },
    });
    const a = await world.engine({ driver: keeping, sessionTimeoutMs: 9_000, options: { limit: 4 } });
    world.produce(1);
    await world.clock.tick();
    await world.engine({ sessionTimeoutMs: 9_000 });
    await world.clock.advance(10_000);
    // one at once, by which a fenced member would learn of it, and three in the ten seconds
    expect(world.cluster.commits).toHaveLength(4);
    a.calls.finish(0);
    await world.clock.tick();
    expect(world.cluster.commits).toHaveLength(5);
    expect(world.stored()?.offset).toBe(1);
    await world.clock.advance(30_000);
    expect(world.cluster.commits).toHaveLength(5);
  });

  it('and others are not committed for', async () => {
    const world = new World({ partitions: 2 });
    await world.engine({ sessionTimeoutMs: 9_000, options: { limit: 4 } });
    world.produce(1);
    await world.clock.tick();
    await world.engine({ sessionTimeoutMs: 9_000 });
    await world.clock.advance(10_000);
    expect(world.cluster.commits).toHaveLength(0);
  });
});
