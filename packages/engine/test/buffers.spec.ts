import { describe, expect, it } from '@jest/globals';
import { Calls } from './support/calls.js';
import { World } from './support/world.js';

describe('the buffer of a partition', () => {
  it('takes as many records as it may, refuses the rest, and goes on at low water', async () => {
    const world = new World();
    const a = await world.engine({ options: { buffer: { records: 10 } } });
    world.produce(100);
    await world.clock.tick();
    expect(a.partition()).toMatchObject({ buffered: 10, position: 10, highWatermark: 100, lag: 100 });
    for (let offset = 0; offset < 4; offset++) {
      a.calls.finish(offset);
      await world.clock.tick();
    }
    expect(a.partition()).toMatchObject({ buffered: 6, position: 10 });
    a.calls.finish(4);
    await world.clock.tick();
    expect(a.partition()).toMatchObject({ buffered: 10, position: 15 });
  });

  it('is never over its budget, and nothing is left out or taken twice', async () => {
    const world = new World();
    const a = await world.engine({ options: { buffer: { records: 10 }, concurrency: 'unordered', limit: 4 } });
    world.produce(200);
    await world.clock.tick();
    for (let i = 0; a.partition().frontier < 200; i++) {
      expect(i).toBeLessThan(200);
      expect(a.partition().buffered).toBeLessThanOrEqual(10);
      a.calls.finishAll();
      await world.clock.tick();
    }
    expect(a.calls.started).toEqual(Array.from({ length: 200 }, (_, offset) => `0:${offset}`));
  });

  it('that is full stops only its own partition', async () => {
    const world = new World({ partitions: 2 });
    const a = await world.engine({ options: { buffer: { records: 5 }, concurrency: 'partition' } });
    world.produce(50);
    world.produce(50, 1);
    await world.clock.tick();
    for (let offset = 0; offset < 50; offset++) {
      a.calls.finish(offset, 1);
      await world.clock.tick();
    }
    expect([a.partition(0).position, a.partition(1).position]).toEqual([5, 50]);
  });

  it('counts bytes, and takes a record larger than all of them alone', async () => {
    const world = new World();
    const a = await world.engine({ options: { buffer: { bytes: 2_000 }, concurrency: 'unordered' } });
    const value = (bytes: number) => ({ topic: 't', partition: 0, value: Buffer.alloc(bytes) });
    world.cluster.produce([value(500), value(500), value(500), value(5_000), value(100), value(100)]);
    await world.clock.tick();
    expect(a.calls.open).toEqual(['0:0', '0:1']); // 2 × 700, the third would be over
    expect(a.partition().bufferedBytes).toBe(1_400);
    a.calls.finishAll();
    await world.clock.tick();
    expect(a.calls.open).toEqual(['0:2']);
    a.calls.finishAll();
    await world.clock.tick();
    expect(a.calls.open).toEqual(['0:3']);
    expect(a.partition().bufferedBytes).toBe(5_200);
    a.calls.finishAll();
    await world.clock.tick();
    expect(a.calls.open).toEqual(['0:4', '0:5']);
    a.calls.finishAll();
    await world.clock.tick();
    expect(a.partition().bufferedBytes).toBe(0);
  });
});

describe('limits', () => {
  const run = async (maxConcurrency: number | undefined) => {
    const world = new World({ partitions: 4 });
    world.cluster.createTopic('u', 4);
    for (let partition = 0; partition < 4; partition++) {
      world.produce(40, partition);
      world.produce(40, partition, 'u');
    }
    const [one, two, three] = [new Calls(), new Calls(), new Calls()];
    const a = await world.engine({
      ...(maxConcurrency === undefined ? {} : { maxConcurrency }),
      workers: [
        {
          id: 'one',
          groupId: 'g',
          topics: ['t'],
          handle: one.handle,
          options: { concurrency: 'unordered', limit: 10 },
        },
        { id: 'two', groupId: 'g', topics: ['u'], handle: two.handle, options: { concurrency: 'key', limit: 10 } },
        {
          id: 'three',
          groupId: 'h',
          topics: ['t'],
          handle: three.handle,
          options: { concurrency: 'unordered', limit: 5 },
        },
      ],
    });
    await world.clock.tick();
    return { world, a, all: [one, two, three] };
  };

  it('hold for each worker by itself', async () => {
    const { a, all } = await run(undefined);
    expect(all.map((calls) => calls.running.length)).toEqual([10, 10, 5]);
    expect(a.engine.inspect().running).toBe(25);
  });

  it('hold for the process over workers and groups, none of which starves', async () => {
    const { world, a, all } = await run(6);
    let rounds = 0;
    const running = (): number => all.reduce((sum, calls) => sum + calls.running.length, 0);
    while (running() > 0) {
      expect(++rounds).toBeLessThan(500);
      expect(running()).toBeLessThanOrEqual(6);
      expect(a.engine.inspect().running).toBe(running());
      if (rounds === 30) expect(Math.min(...all.map((calls) => calls.all.length))).toBeGreaterThan(7);
      const open = all.flatMap((calls) => calls.running);
      open[rounds % open.length]?.end.resolve();
      await world.clock.tick();
    }
    expect(all.map((calls) => calls.handled.size)).toEqual([160, 160, 160]);
  });
});
