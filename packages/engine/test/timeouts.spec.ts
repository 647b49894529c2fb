import { describe, expect, it } from '@jest/globals';
import { fixed, type Delivery } from '../src/index.js';
import { World } from './support/world.js';

const options = { timeoutMs: 1_000, retry: { attempts: 3, backoff: fixed(100) } };

describe('timeoutMs', () => {
  it('aborts the signal, and the attempt has failed when the handler settles, even without an error', async () => {
    const world = new World();
    const a = await world.engine({ options });
    world.produce(1);
    await world.clock.tick();
    const call = a.calls.at(0);
    await world.clock.advance(999);
    expect(call.signal.aborted).toBe(false);
    await world.clock.advance(1);
    expect(call.signal.reason).toMatchObject({ name: 'AbortError', cause: 'timeout' });
    await world.clock.advance(2_000);
    expect(a.of('record.failed')).toEqual([]);
    call.end.resolve();
    await world.clock.tick();
    expect(a.of('record.failed')).toMatchObject([{ attempt: 1, error: { code: 'HANDLER_TIMEOUT' }, retryInMs: 100 }]);
    await world.clock.advance(100);
    expect(a.calls.at(0).attempt).toBe(2);
    expect(a.calls.at(0).signal.aborted).toBe(false);
  });

  it('counts as failed after the grace where the handler does not react, and its late result is dropped', async () => {
    const world = new World();
    const a = await world.engine({ options });
    world.produce(2);
    await world.clock.tick();
    const [stale] = a.calls.running;
    await world.clock.advance(6_100);
    expect(a.calls.all).toHaveLength(2);
    stale?.end.resolve();
    await world.clock.tick();
    expect(a.partition().heldBy).toMatchObject({ offset: 0, state: 'running', attempt: 2 });
    expect(a.calls.started).toEqual(['0:0', '0:0']);
  });

  it('leaves a handler that was given up its own number and an aborted signal, also on first use', async () => {
    const world = new World();
    const held: Delivery[] = [];
    await world.engine({ options, handle: (delivery) => (held.push(delivery), new Promise(() => {})) });
    world.produce(1);
    await world.clock.tick();
    await world.clock.advance(6_100);
    const [first, second] = held;
    expect([first?.attempt, second?.attempt]).toEqual([1, 2]);
    expect(first?.signal.reason).toMatchObject({ name: 'AbortError', cause: 'timeout' });
    expect(second?.signal.aborted).toBe(false);
  });

  it('does not take a late result for that of the attempt after unfreeze, which has the same number', async () => {
    const world = new World();
    const a = await world.engine({ options: { ...options, retry: { attempts: 1 } } });
    world.produce(2);
    await world.clock.tick();
    const [stale] = a.calls.running;
    await world.clock.advance(6_000);
    expect(a.partition().frozen).toHaveLength(1);
    a.engine.unfreeze();
    expect(a.calls.all).toHaveLength(2);
    stale?.end.resolve();
    await world.clock.tick();
    expect(a.calls.started).toEqual(['0:0', '0:0']); // 0:1 must wait for the second run
    expect(a.partition().frontier).toBe(0);
  });

  it('of a handler in time costs nothing', async () => {
    const world = new World();
    const a = await world.engine({ options: { ...options, commit: 'each' } });
    world.produce(1);
    await world.clock.tick();
    const before = world.clock.pending;
    a.calls.finish(0);
    await world.clock.tick();
    expect(world.clock.pending).toBe(before - 1);
    expect(world.stored()?.offset).toBe(1);
  });

  it('that comes after another abort does not start the record a second time beside the first', async () => {
    const world = new World({ partitions: 2 });
    const a = await world.engine({ options, rebalance: { strategy: 'commit-completed' } });
    world.produce(2);
    await world.clock.tick();
    await world.engine();
    await world.clock.tick();
    expect(a.held).toEqual([0]);
    expect((a.calls.at(0).signal.reason as Error).cause).toBe('rebalance');
    a.calls.fail(0, new Error('aborted'));
    await world.clock.tick();
    expect(a.calls.at(0)).toMatchObject({ attempt: 1, signal: { aborted: false } });
  });
});
