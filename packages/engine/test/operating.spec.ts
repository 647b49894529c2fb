import { describe, expect, it } from '@jest/globals';
import { Calls } from './support/calls.js';
import { World, type Member } from './support/world.js';

const outcome = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'ok',
    (error: unknown) => error,
  );

describe('pause and resume', () => {
  it('hold for a partition, a topic, a worker or all of them; what runs finishes and is committed', async () => {
    const world = new World({ partitions: 2 });
    world.cluster.createTopic('u');
    const calls = new Calls();
    const a = await world.engine({
      calls,
      workers: [
        { id: 'v', groupId: 'g', topics: ['t'], handle: calls.handle, options: { commit: 'each' } },
        { id: 'w', groupId: 'g', topics: ['u'], handle: calls.handle },
      ],
    });
    const running = (): string[] => calls.running.map((c) => `${c.topic}/${c.partition}:${c.offset}`).sort();
    for (const partition of [0, 1]) world.produce(20, partition);
    world.produce(20, 0, 'u');
    await world.clock.tick();
    const next = async (): Promise<string[]> => {
      calls.finishAll();
      await world.clock.tick();
      return running();
    };
    a.engine.pause({ topic: 't', partition: 0 });
    expect(await next()).toEqual(['t/1:1', 'u/0:1']);
    expect(world.stored(0)?.offset).toBe(1);
    expect(a.partition(0).paused).toBe(true);
    a.engine.pause({ topic: 't' });
    expect(await next()).toEqual(['u/0:2']);
    a.engine.pause({ worker: 'w' });
    expect(await next()).toEqual([]);
    a.engine.resume({ topic: 't', partition: 1 });
    expect(running()).toEqual(['t/1:2']);
    a.engine.resume(); // ends the pause of the worker and that of the partition
    expect(running()).toEqual(['t/0:1', 't/1:2', 'u/0:3']);
    expect(a.partition(0).paused).toBe(false);
    expect(a.of('paused').map((e) => `${e.worker} ${e.topic}/${e.partition}`)).toEqual([
      'v t/0',
      'v t/0',
      'v t/1',
      'w u/0',
    ]);
  });

  it('of a worker hold for partitions that come later', async () => {
    const world = new World({ partitions: 2 });
    const b = await world.engine();
    const a = await world.engine();
    a.engine.pause({ worker: 'w' });
    await world.drain(b);
    await world.clock.advance(1_000);
    for (const partition of [0, 1]) world.produce(1, partition);
    await world.clock.tick();
    expect(a.held).toEqual([0, 1]);
    expect(a.calls.open).toEqual([]);
    a.engine.resume({ worker: 'w' });
    expect(a.calls.open.sort()).toEqual(['0:0', '1:0']);
  });

  it('of what is not held are refused', async () => {
    const world = new World();
    const a = await world.engine();
    for (const target of [{ worker: 'x' }, { groupId: 'x' }, { topic: 'x' }, { topic: 't', partition: 7 }]) {
      expect(() => a.engine.pause(target)).toThrow(expect.objectContaining({ code: 'UNKNOWN_TARGET' }));
    }
  });
});

describe('seek', () => {
  it('backwards delivers again, commits the place, and drops what runs', async () => {
    const world = new World();
    const a = await world.engine({ options: { commit: 'each' } });
    world.produce(10);
    for (let offset = 0; offset < 6; offset++) {
      await world.clock.tick();
      a.calls.finish(offset);
    }
    await world.clock.tick();
    const running = a.calls.at(6);
    const sought = a.engine.seek({ topic: 't', partition: 0 }, 2);
    await world.clock.tick();
    await sought;
    expect(running.signal.aborted).toBe(true);
    expect(world.stored()?.offset).toBe(2);
    running.end.resolve();
    await world.clock.tick();
    expect(a.calls.open).toEqual(['0:2']);
    expect(a.of('sought')).toMatchObject([{ offset: 2, worker: 'w' }]);
    expect(a.of('record.late')).toMatchObject([{ offset: 6 }]);
    for (let offset = 2; offset < 10; offset++) {
      a.calls.finish(offset);
      await world.clock.tick();
    }
    expect(world.stored()?.offset).toBe(10);
  });

  it('forwards leaves records out, also with a full buffer and frozen', async () => {
    const world = new World();
    const a = await world.engine({ options: { buffer: { records: 4 }, retry: { attempts: 1 } } });
    world.produce(50);
    await world.clock.tick();
    a.calls.fail(0);
    await world.clock.tick();
    expect(a.partition()).toMatchObject({ buffered: 4, frozen: [{}] });
    const sought = a.engine.seek({ topic: 't', partition: 0 }, 40);
    await world.clock.tick();
    await sought;
    expect(a.calls.open).toEqual(['0:40']);
    expect(world.stored()).toEqual({ offset: 40, done: [] });
    for (let offset = 40; offset < 50; offset++) {
      a.calls.finish(offset);
      await world.clock.tick();
    }
    expect(a.partition()).toMatchObject({ frontier: 50, buffered: 0, frozen: [] });
  });

  it('keeps a pause, and goes to the end of the log too', async () => {
    const world = new World();
    const a = await world.engine();
    world.produce(5);
    a.engine.pause({ topic: 't' });
    await world.clock.tick();
    const sought = a.engine.seek({ topic: 't', partition: 0 }, 5);
    await world.clock.tick();
    await sought;
    world.produce(1);
    await world.clock.tick();
    expect(a.calls.open).toEqual([]);
    a.engine.resume({ topic: 't' });
    expect(a.calls.open).toEqual(['0:5']);
  });

  it.each([-1, 6, 0.5, Number.NaN])('to %p is refused and changes nothing', async (offset) => {
    const world = new World();
    const a = await world.engine();
    world.produce(5);
    await world.clock.tick();
    const sought = outcome(a.engine.seek({ topic: 't', partition: 0 }, offset));
    await world.clock.tick();
    expect(await sought).toMatchObject({ code: 'UNKNOWN_TARGET' });
    expect(a.calls.open).toEqual(['0:0']);
    expect(a.calls.at(0).signal.aborted).toBe(false);
  });
});

describe('inspect()', () => {
  it('says what holds the frontier and what everybody is doing', async () => {
    const world = new World();
    const a = await world.engine({
      options: { concurrency: 'key', limit: 2, retry: { attempts: 3, backoff: () => 60_000 } },
    });
    world.produce(['x', 'y', 'x', 'z']);
    await world.clock.tick();
    a.calls.fail(0, new Error('database is away'));
    await world.clock.advance(2_000);
    a.calls.finish(1);
    await world.clock.advance(2_000);
    const snapshot = a.engine.inspect();
    expect(JSON.parse(JSON.stringify(snapshot))).toEqual(snapshot);
    expect(snapshot).toMatchObject({
      state: 'RUNNING',
      driver: 'in-memory',
      running: 1,
      groups: [
        {
          groupId: 'g',
          state: 'joined',
          generation: 1,
          memberId: expect.stringMatching(/in-memory/),
          lastRebalance: { assigned: 1, revoked: 0, kept: 0 },
          workers: [{ id: 'w', topics: ['t'], concurrency: 'key', limit: 2, running: 1, paused: false }],
          partitions: [
            {
              topic: 't',
              partition: 0,
              worker: 'w',
              frontier: 0,
              committed: 0,
              position: 4,
              highWatermark: 4,
              lag: 4,
              buffered: 3,
              lanes: 2,
              running: 1,
              waiting: 1,
              heldBy: { offset: 0, key: 'x', state: 'waiting', attempt: 1, ageMs: 4_000, error: 'database is away' },
              runningRecords: [{ offset: 3, key: 'z', state: 'running', attempt: 1 }],
              frozen: [],
              paused: false,
              mapHeld: false,
              draining: false,
            },
          ],
        },
      ],
    });
  });
});

describe('from the first statement of a handler, while others are being started', () => {
  const target = { topic: 't', partition: 0 };
  const COMMANDS: Readonly<Record<string, { now: (a: Member) => unknown; later?: (a: Member) => unknown }>> = {
    pause: { now: ({ engine }) => engine.pause(target), later: ({ engine }) => engine.resume() },
    'pause and resume': { now: ({ engine }) => (engine.pause(target), engine.resume(target)) },
    freeze: { now: ({ engine }) => engine.freeze(target), later: ({ engine }) => engine.unfreeze(target) },
    'freeze and unfreeze': { now: ({ engine }) => (engine.freeze(target), engine.unfreeze(target)) },
    'fewer at once': { now: ({ engine }) => engine.setLimit({ worker: 'w' }, 1) },
    'more at once': { now: ({ engine }) => engine.setLimit({ worker: 'w' }, 50) },
    'seek forwards': { now: ({ engine }) => engine.seek(target, 15) },
    'seek back': { now: ({ engine }) => engine.seek(target, 0) },
    drain: { now: ({ engine }) => engine.drain() },
  };

  it.each(Object.keys(COMMANDS))('%s', async (command) => {
    const world = new World();
    const { now, later } = COMMANDS[command] as (typeof COMMANDS)[string];
    const calls = new Calls();
    let told = false;
    calls.respond = ({ offset }) => {
      if (offset === 3 && !told) {
        told = true;
        void now(a);
      }
      return Promise.resolve();
    };
    const a: Member = await world.engine({ options: { concurrency: 'unordered', limit: 8 }, calls });
    world.produce(20);
    await world.clock.advance(10_000);
    await later?.(a);
    await world.clock.advance(10_000);
    if (command === 'drain') {
      const b = await world.engine({ calls });
      await world.clock.advance(10_000);
      await world.drain(b);
    }
    await world.drain(a);
    expect(told).toBe(true);
    expect(world.stored()).toEqual({ offset: 20, done: [] });
    const from = command === 'seek forwards' ? 15 : 0;
    const started = calls.all.map(({ offset }) => offset);
    for (let offset = from; offset < 20; offset++) expect(started).toContain(offset);
    if (!command.startsWith('seek')) expect(started).toHaveLength(new Set(started).size);
    expect(calls.highest).toBeLessThanOrEqual(command === 'more at once' ? 20 : 8);
    expect(world.violations).toEqual([]);
  });
});
