import { describe, expect, it } from '@jest/globals';
import { freeze, type WorkerOptions } from '../src/index.js';
import type { Call } from './support/calls.js';
import { World, type Member } from './support/world.js';

const options: WorkerOptions = {
  concurrency: 'key',
  retry: { attempts: 1 },
  onFailure: freeze('key'),
  buffer: { records: 4 },
  commit: { intervalMs: 100 },
};
const target = { topic: 't', partition: 0 };
const times = (n: number, key: string): string[] => Array.from({ length: n }, () => key);

/** Records of these keys fail; everything else is done at once. */
function failing(...keys: (string | null)[]): (call: Call) => Promise<void> {
  return ({ key }) => (keys.includes(key) ? Promise.reject(new Error('no')) : Promise.resolve());
}

const offsets = (member: Member, key: string): number[] =>
  member.calls.all.filter((call) => call.key === key).map((call) => call.offset);

/** A member that has frozen at the first of `behind + 1` records of key `x`, and done a `y` before and behind them. */
async function frozenAtX(world: World, behind: number, more: WorkerOptions = {}): Promise<Member> {
  const a = world.make({ options: { ...options, ...more } });
  a.calls.respond = failing('x');
  world.produce(['y', 'x', ...times(behind, 'x'), 'y']);
  void a.engine.start();
  await world.clock.advance(1_000);
  return a;
}

describe('records behind a frozen key', () => {
  it('give up their place in the buffer, so that other keys go on', async () => {
    const world = new World();
    const a = await frozenAtX(world, 30);
    expect(offsets(a, 'y')).toEqual([0, 32]);
    expect(offsets(a, 'x')).toEqual([1]);
    expect(a.partition()).toMatchObject({ parked: 30, buffered: 1, lanes: 1, position: 33 });
    expect(world.stored()).toEqual({ offset: 1, done: [{ from: 32, to: 33 }] });
    expect(world.violations).toEqual([]);
  });

  it('give up their bytes', async () => {
    const world = new World();
    const value = Buffer.alloc(10_000);
    const a = await world.engine({ options: { ...options, buffer: { records: 1_000, bytes: 25_000 } } });
    a.calls.respond = failing('x');
    world.cluster.produce(times(50, 'x').map((key) => ({ topic: 't', partition: 0, key, value })));
    world.produce(['y']);
    await world.clock.tick();
    expect(offsets(a, 'y')).toEqual([50]);
    expect(a.partition()).toMatchObject({ parked: 49, bufferedBytes: 10_201 });
  });

  it('that come later are parked at once, those of a partition that is frozen as a whole are not', async () => {
    const world = new World({ partitions: 2 });
    const a = await frozenAtX(world, 0);
    world.produce(times(10, 'x'));
    await world.clock.tick();
    expect(a.partition().parked).toBe(10);
    const b = await world.engine({ options: { ...options, concurrency: 'partition' } });
    await world.clock.tick();
    b.calls.respond = failing('x');
    world.produce(times(10, 'x'), 1);
    await world.clock.tick();
    expect(b.partition(1)).toMatchObject({ parked: 0, buffered: 4, position: 4 });
  });

  it('are not parked either where their key is what froze the whole partition', async () => {
    const world = new World();
    const a = await frozenAtX(world, 0, { onFailure: freeze('partition') });
    world.produce(times(10, 'x'));
    await world.clock.tick();
    expect(a.partition()).toMatchObject({ parked: 0, buffered: 4 });
    a.calls.respond = failing();
    a.engine.unfreeze();
    await world.clock.tick();
    expect(offsets(a, 'x')).toEqual([1, 1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
  });

  it('stop at ten times the buffer, and go on from there', async () => {
    const world = new World();
    const a = await frozenAtX(world, 60);
    expect(a.partition()).toMatchObject({ parked: 40, position: 42 });
    expect(offsets(a, 'y')).toEqual([0]);
    a.calls.respond = failing();
    a.engine.unfreeze();
    await world.clock.tick();
    expect(offsets(a, 'x').slice(1)).toEqual(Array.from({ length: 61 }, (_, i) => i + 1));
    expect(offsets(a, 'y')).toEqual([0, 62]);
    expect(a.partition()).toMatchObject({ parked: 0, buffered: 0, bufferedBytes: 0, lanes: 0 });
  });
});

describe('parked records', () => {
  const expected = Array.from({ length: 31 }, (_, i) => i + 1);

  it('are read again and handled once and in order, when an operator unfreezes', async () => {
    const world = new World();
    const a = await frozenAtX(world, 30);
    const values: string[] = [];
    a.calls.respond = ({ delivery: { record } }) => {
      values.push(String(record.value));
      return Promise.resolve();
    };
    a.engine.unfreeze();
    await world.clock.advance(100);
    expect(offsets(a, 'x')).toEqual([1, ...expected]);
    expect(values).toEqual(times(31, 'v')); // with their bytes
    expect(offsets(a, 'y')).toEqual([0, 32]);
    expect(a.partition()).toMatchObject({ parked: 0, buffered: 0, bufferedBytes: 0, lanes: 0 });
    expect(world.stored()).toEqual({ offset: 33, done: [] });
    expect(world.violations).toEqual([]);
  });

  it.each([
    ['unfreeze with skip', (a: Member) => a.engine.unfreeze(target, { skip: true })],
    ['skip', (a: Member) => a.engine.skip(target)],
  ])('are handled after %s', async (_, skip) => {
    const world = new World();
    const a = await frozenAtX(world, 30);
    a.calls.respond = failing();
    skip(a);
    await world.clock.advance(100);
    expect(offsets(a, 'x')).toEqual(expected);
    expect(world.stored()).toEqual({ offset: 33, done: [] });
  });

  it('are skipped one by one as others are', async () => {
    const world = new World();
    const a = await frozenAtX(world, 3);
    a.calls.respond = () => undefined;
    a.engine.skip(target);
    expect(a.engine.skip(target)).toBe(2); // before its bytes have come
    expect(a.partition()).toMatchObject({ parked: 2, bufferedBytes: 0 });
    await world.clock.tick();
    expect(a.calls.open).toEqual(['0:3']);
    expect(a.partition()).toMatchObject({ parked: 0, bufferedBytes: 2 * 202 });
  });

  it('are handled when the time of the freeze is up, and parked again where the next one fails', async () => {
    const world = new World();
    const a = await frozenAtX(world, 30, { onFailure: freeze('key', { unfreezeAfterMs: 5_000 }) });
    a.calls.respond = (call) => failing(call.offset < 10 ? 'y' : 'x')(call);
    await world.clock.advance(4_100);
    expect(offsets(a, 'x')).toEqual([1, ...expected.slice(0, 10)]);
    expect(a.partition()).toMatchObject({ parked: 21, frozen: [{ offset: 10, scope: 'key' }] });
    expect(world.stored()).toEqual({ offset: 10, done: [{ from: 32, to: 33 }] });
    a.calls.respond = failing();
    await world.clock.advance(6_000);
    expect(offsets(a, 'x')).toEqual([1, ...expected.slice(0, 10), ...expected.slice(9)]);
    expect(world.stored()).toEqual({ offset: 33, done: [] });
    expect(world.violations).toEqual([]);
  });

  it('are handled once each across a rebalance that keeps the partition while they are read again', async () => {
    for (const incrementalRebalance of [false, true]) {
      const world = new World({ partitions: 2 });
      const inMemory = { incrementalRebalance };
      const a = await world.engine({ inMemory, options: { ...options, limit: 2 } });
      for (const partition of [0, 1]) world.produce(times(20, 'x'), partition);
      await world.clock.tick();
      for (const partition of [0, 1]) a.calls.fail(0, undefined, partition);
      await world.clock.tick();
      a.engine.unfreeze();
      for (const offset of [0, 1]) {
        for (const partition of [0, 1]) a.calls.finish(offset, partition);
        await world.clock.tick();
      }
      expect(a.partition(0).parked).toBeGreaterThan(0);
      const b = await world.engine({ inMemory, options });
      a.calls.respond = b.calls.respond = failing();
      a.calls.finishAll();
      await world.clock.advance(1_000);
      expect([a.held.length, b.held.length]).toEqual([1, 1]);
      for (const partition of [0, 1]) {
        const done = [...a.calls.all, ...b.calls.all].filter((c) => c.partition === partition && c.state === 'done');
        expect(done.map(({ offset }) => offset)).toEqual(Array.from({ length: 20 }, (_, i) => i));
        expect(world.stored(partition)).toEqual({ offset: 20, done: [] });
      }
      expect(world.violations).toEqual([]);
    }
  });

  it('go to the next owner with the frozen one', async () => {
    const world = new World();
    const a = await frozenAtX(world, 30);
    await world.drain(a);
    expect(world.clock.pending).toBe(0);
    expect(a.of('record.settled').filter(({ disposition }) => disposition === 'abandoned')).toHaveLength(31);
    const b = await world.engine({ options });
    b.calls.respond = failing();
    b.calls.finishAll();
    await world.clock.advance(100);
    expect(offsets(b, 'x')).toEqual(expected);
    expect(offsets(b, 'y')).toEqual([]);
    expect(world.stored()).toEqual({ offset: 33, done: [] });
  });
});
