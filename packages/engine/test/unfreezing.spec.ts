import { describe, expect, it } from '@jest/globals';
import { freeze, FreezeError, type WorkerOptions } from '../src/index.js';
import { World } from './support/world.js';

const after = (scope: 'key' | 'partition', unfreezeAfterMs: number): WorkerOptions => ({
  retry: { attempts: 1 },
  onFailure: freeze(scope, { unfreezeAfterMs }),
});
const target = { topic: 't', partition: 0 };

describe('a freeze with unfreezeAfterMs', () => {
  it('goes on by itself when its time is up, with a new set of attempts', async () => {
    const world = new World();
    const a = await world.engine({
      options: { ...after('partition', 5_000), retry: { attempts: 2, backoff: () => 0 } },
    });
    world.produce(2);
    await world.clock.tick();
    a.calls.fail(0);
    await world.clock.tick();
    a.calls.fail(0);
    await world.clock.tick();
    expect(a.of('frozen')).toMatchObject([{ unfreezeInMs: 5_000 }]);
    expect(a.partition().frozen).toMatchObject([{ unfreezesAt: world.clock.now() + 5_000 }]);
    await world.clock.advance(4_999);
    expect(a.calls.open).toEqual([]);
    await world.clock.advance(1);
    expect(a.calls.at(0).attempt).toBe(1);
    expect(a.of('unfrozen')).toMatchObject([{ offset: 0, scope: 'partition', skipped: false, by: 'timer' }]);
    expect(a.partition().frozen).toEqual([]);
    a.calls.finish(0);
    await world.clock.tick();
    expect(a.calls.open).toEqual(['0:1']);
  });

  it('is frozen again where it fails again', async () => {
    const world = new World();
    const a = await world.engine({ options: after('key', 1_000) });
    a.calls.respond = () => Promise.reject(new Error('no'));
    world.produce(1);
    await world.clock.advance(3_500);
    expect(a.calls.all).toHaveLength(4);
    expect(a.engine.inspect().groups[0]?.workers[0]?.dispositions.frozen).toBe(4);
  });

  it.each([
    ['unfrozen', (e: { unfreeze(): void }) => e.unfreeze()],
    ['skipped', (e: { skip(t: typeof target): unknown }) => e.skip(target)],
  ])('does nothing more when it was %s by an operator before', async (_, act) => {
    const world = new World();
    const a = await world.engine({ options: after('partition', 5_000) });
    world.produce(2);
    await world.clock.tick();
    a.calls.fail(0);
    await world.clock.tick();
    act(a.engine);
    await world.clock.advance(4_000);
    a.calls.finishAll();
    await world.clock.advance(4_000);
    a.calls.finishAll();
    await world.drain(a);
    expect(world.clock.pending).toBe(0);
    expect(a.of('unfrozen').filter(({ by }) => by === 'timer')).toEqual([]);
    expect(new Set(a.calls.started).size).toBe(2);
  });

  it('leaves a partition frozen that another record has frozen for good', async () => {
    const world = new World();
    const a = await world.engine({ options: { ...after('partition', 1_000), concurrency: 'unordered' } });
    world.produce(3);
    await world.clock.tick();
    a.calls.fail(0);
    a.calls.fail(1, new FreezeError());
    await world.clock.tick();
    a.calls.finish(2);
    await world.clock.advance(5_000);
    expect(a.calls.open).toEqual([]);
    expect(a.partition().frozen).toMatchObject([{ offset: 1 }]);
    a.engine.unfreeze();
    expect(a.calls.open).toEqual(['0:0', '0:1']);
  });

  it('does not start anything while its partition is paused or given back, and does when it stays', async () => {
    const world = new World({ partitions: 2 });
    const a = await world.engine({ options: { ...after('partition', 1_000), limit: 4 } });
    world.produce(1);
    world.produce(1, 1);
    await world.clock.tick();
    a.calls.fail(0);
    await world.clock.tick();
    await world.engine();
    await world.clock.advance(5_000);
    expect(a.calls.open).toEqual(['1:0']);
    a.calls.finish(0, 1);
    await world.clock.tick();
    expect(a.calls.open).toEqual(['0:0']);
    a.calls.fail(0);
    a.engine.pause();
    await world.clock.advance(5_000);
    expect(a.calls.open).toEqual([]);
    a.engine.resume();
    expect(a.calls.open).toEqual(['0:0']);
  });

  it('ends with its partition: no timer is left, and the next owner begins anew', async () => {
    const world = new World();
    const a = await world.engine({ options: after('partition', 500_000) });
    world.produce(1);
    await world.clock.tick();
    a.calls.fail(0);
    await world.drain(a);
    expect(world.clock.pending).toBe(0);
    const b = await world.engine();
    expect(b.calls.open).toEqual(['0:0']);
  });

  it('stands for good where a handler asked for it', async () => {
    const world = new World();
    const a = await world.engine({ options: after('partition', 1_000) });
    world.produce(1);
    await world.clock.tick();
    a.calls.fail(0, new FreezeError());
    await world.clock.advance(60_000);
    expect(a.partition().frozen).toMatchObject([{ reason: 'handler' }]);
  });

  it('leaves no timer behind when its record was skipped', async () => {
    const world = new World();
    const a = await world.engine({ options: after('key', 500_000) });
    world.produce(1);
    await world.clock.tick();
    a.calls.fail(0);
    await world.clock.tick();
    a.engine.skip(target);
    await world.drain(a);
    expect(world.clock.pending).toBe(0);
  });
});
