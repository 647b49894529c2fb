import { describe, expect, it } from '@jest/globals';
import { freeze, FreezeError } from '../src/index.js';
import { World } from './support/world.js';

const once = { retry: { attempts: 1 } };

describe('a frozen partition', () => {
  it('starts nothing, lets what runs finish, and commits nothing past the failed record', async () => {
    const world = new World({ partitions: 2 });
    const a = await world.engine({
      options: { ...once, concurrency: 'unordered', limit: 4, commit: { intervalMs: 100 } },
    });
    world.produce(6);
    await world.clock.tick();
    a.calls.finish(0);
    await world.clock.tick();
    a.calls.fail(1);
    await world.clock.tick();
    a.calls.finish(2);
    a.calls.finish(4);
    await world.clock.advance(100);
    expect(a.calls.open).toEqual(['0:3']);
    expect(world.stored()).toEqual({
      offset: 1,
      done: [
        { from: 2, to: 3 },
        { from: 4, to: 5 },
      ],
    });
    world.produce(2, 1);
    await world.clock.tick();
    expect(a.calls.open).toEqual(['0:3', '1:0', '1:1']); // others go on
    expect(a.of('frozen')).toMatchObject([{ partition: 0, offset: 1, scope: 'partition', error: { message: 'no' } }]);
    expect(a.partition()).toMatchObject({
      heldBy: { offset: 1, state: 'frozen', error: 'no' },
      frozen: [{ scope: 'partition', offset: 1, error: 'no', since: world.clock.now() - 100 }],
    });
    expect(world.violations).toEqual([]);
  });

  it('goes on with unfreeze, with a new set of attempts', async () => {
    const world = new World();
    const a = await world.engine({ options: once });
    world.produce(2);
    await world.clock.tick();
    a.calls.fail(0);
    await world.clock.advance(5_000);
    a.engine.unfreeze();
    expect(a.calls.at(0).attempt).toBe(1);
    expect(a.of('unfrozen')).toMatchObject([{ scope: 'partition', skipped: false }]);
    a.calls.finish(0);
    await world.clock.tick();
    expect(a.calls.open).toEqual(['0:1']);
  });

  it('goes on past the record with unfreeze and skip', async () => {
    const world = new World();
    const a = await world.engine({ options: once });
    world.produce(2);
    await world.clock.tick();
    a.calls.fail(0);
    await world.clock.tick();
    a.engine.unfreeze({ topic: 't' }, { skip: true });
    await world.clock.advance(1_000);
    expect(a.calls.open).toEqual(['0:1']);
    expect(world.stored()?.offset).toBe(1);
    expect(a.of('record.settled')).toMatchObject([{ offset: 0, disposition: 'skipped' }]);
  });

  it('with a second failed record stays frozen when the first is skipped', async () => {
    const world = new World();
    const a = await world.engine({ options: { ...once, concurrency: 'unordered', limit: 3 } });
    world.produce(6);
    await world.clock.tick();
    a.calls.fail(0);
    a.calls.fail(2);
    await world.clock.tick();
    expect(a.engine.skip({ topic: 't', partition: 0 })).toBe(0);
    a.calls.finish(1);
    await world.clock.tick();
    expect(a.calls.open).toEqual([]);
    expect(a.partition().frozen).toMatchObject([{ scope: 'partition', offset: 2 }]);
    expect(a.engine.skip({ topic: 't', partition: 0 })).toBe(2);
    expect(a.calls.open).toEqual(['0:3', '0:4', '0:5']);
  });
});

describe('a frozen key', () => {
  it('stops its lane only, and the map remembers the rest', async () => {
    const world = new World();
    const a = await world.engine({ options: { ...once, concurrency: 'key', onFailure: freeze('key') } });
    world.produce(['x', 'y', 'x', 'z', 'y']);
    await world.clock.tick();
    a.calls.fail(0);
    await world.clock.tick();
    for (let i = 0; i < 3; i++) {
      a.calls.finishAll();
      await world.clock.tick();
    }
    await world.clock.advance(1_000);
    expect(a.calls.started).toEqual(['0:0', '0:1', '0:3', '0:4']);
    expect(world.stored()).toEqual({
      offset: 0,
      done: [
        { from: 1, to: 2 },
        { from: 3, to: 5 },
      ],
    });
    expect(a.partition().frozen).toMatchObject([{ scope: 'key', key: 'x' }]);
    await world.drain(a);
    const b = await world.engine({ options: { concurrency: 'key' } });
    expect(b.calls.open).toEqual(['0:0']); // a freeze ends with the assignment
  });

  it('of which a partition is frozen too goes on with it', async () => {
    const world = new World();
    const a = await world.engine({ options: { ...once, concurrency: 'key' } });
    world.produce(['x', 'y', 'x']);
    await world.clock.tick();
    a.calls.fail(0, new FreezeError('key'));
    a.calls.fail(1, new FreezeError('partition'));
    await world.clock.tick();
    expect(a.partition().frozen.map((f) => f.scope)).toEqual(['key', 'partition']);
    a.engine.unfreeze();
    expect(a.calls.open).toEqual(['0:0', '0:1']);
  });
});

describe('skip()', () => {
  it('gives up the record that holds the frontier, unless a handler is at it', async () => {
    const world = new World();
    const a = await world.engine({ options: { retry: { attempts: 3, backoff: () => 60_000 }, commit: 'each' } });
    const target = { topic: 't', partition: 0 };
    expect(a.engine.skip(target)).toBeUndefined();
    world.produce(3);
    await world.clock.tick();
    expect(a.engine.skip(target)).toBeUndefined();
    a.calls.fail(0);
    await world.clock.tick();
    expect(a.engine.skip(target)).toBe(0); // waited for its retry
    expect(a.calls.open).toEqual(['0:1']);
    a.calls.finish(1);
    a.engine.pause(target);
    await world.clock.tick();
    expect(a.engine.skip(target)).toBe(2); // queued
    await world.clock.tick();
    expect(world.stored()).toEqual({ offset: 3, done: [] });
    a.engine.resume(target);
    await world.clock.advance(120_000);
    expect(a.calls.started).toEqual(['0:0', '0:1']);
    expect(a.partition()).toMatchObject({ buffered: 0, waiting: 0, lanes: 0 });
  });

  it('of a partition that is not held is refused', async () => {
    const world = new World();
    const a = await world.engine();
    expect(() => a.engine.skip({ topic: 't', partition: 9 })).toThrow(
      expect.objectContaining({ code: 'UNKNOWN_TARGET' }),
    );
  });
});
