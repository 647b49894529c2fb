import { describe, expect, it } from '@jest/globals';
import { World } from './support/world.js';

describe('listeners', () => {
  it('that throw change nothing', async () => {
    const world = new World();
    const a = world.make({ options: { commit: 'each' } });
    a.engine.on(() => {
      throw new Error('observer');
    });
    void a.engine.start();
    world.produce(2);
    await world.clock.tick();
    a.calls.finish(0);
    await world.clock.tick();
    expect(a.calls.open).toEqual(['0:1']);
    expect(world.stored()?.offset).toBe(1);
  });

  it('hear nothing after they went, and can leave out what is done', async () => {
    const world = new World();
    const a = await world.engine({ options: { onFailure: { type: 'skip' }, retry: { attempts: 1 } } });
    const all: string[] = [];
    const some: string[] = [];
    const end = a.engine.on((event) => void all.push(event.type));
    a.engine.on((event) => event.type === 'record.settled' && some.push(event.disposition), { done: false });
    world.produce(3);
    await world.clock.tick();
    a.calls.finish(0);
    await world.clock.tick();
    a.calls.fail(1);
    await world.clock.tick();
    expect(all).toEqual(['record.settled', 'record.failed', 'record.settled']);
    expect(some).toEqual(['skipped']);
    end();
    a.calls.finish(2);
    await world.clock.tick();
    expect(all).toHaveLength(3);
  });
});
