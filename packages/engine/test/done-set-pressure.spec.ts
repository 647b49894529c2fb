import { describe, expect, it } from '@jest/globals';
import type { WorkerOptions } from '../src/index.js';
import { METADATA_LIMIT_CHARS } from '../src/offsets/done-map.js';
import { seeded } from './support/random.js';
import { World, type Member } from './support/world.js';

/** Records with long gaps of random length between them: each hole in the done-set costs some characters. */
function produceSparse(world: World, count: number, partition = 0): void {
  const random = seeded(11);
  for (let i = 0; i < count; i++) {
    world.cluster.skipOffsets('t', partition, 200 + Math.floor(random() * 60_000));
    world.produce(1, partition);
  }
}

const options = (more: WorkerOptions): WorkerOptions => ({
  concurrency: 'unordered',
  buffer: { records: 10_000 },
  commit: { intervalMs: 100, records: 100_000 },
  ...more,
});

/** Finishes every other record that starts, so that the done-set is full of holes, until the partition is held. */
async function finishEveryOther(world: World, member: Member): Promise<void> {
  for (let seen = 0; seen < member.calls.all.length && !member.partition().mapHeld;) {
    const fresh = member.calls.all.slice(seen);
    seen += fresh.length;
    fresh.forEach((call, i) => i % 2 === 1 && call.end.resolve());
    await world.clock.advance(100);
  }
}

async function finishAll(world: World, member: Member, ms = 100): Promise<void> {
  for (let round = 0; member.partition().buffered > 0; round++) {
    if (round > 100) throw new Error(`stands still: ${JSON.stringify({ ...member.partition(), runningRecords: [] })}`);
    member.calls.finishAll();
    await world.clock.advance(ms);
  }
}

describe('a done-set that outgrows the metadata', () => {
  it('above three quarters holds the partition: only what makes it smaller is started', async () => {
    const world = new World({ partitions: 2, fetchMaxRecords: 10_000 });
    const member = await world.engine({ options: options({ limit: 1_400 }) });
    produceSparse(world, 3_000);
    await world.clock.tick();
    await finishEveryOther(world, member);
    expect(member.of('map.held')).toHaveLength(1);
    const { mapChars, frontier } = member.partition();
    expect(mapChars).toBeGreaterThan(METADATA_LIMIT_CHARS * 0.75);
    const settled = Math.max(...[...member.calls.handled].map((name) => Number(name.split('/')[2])));
    const before = member.calls.all.length;
    for (const call of member.calls.running.filter((c) => c.offset !== frontier).slice(0, 20)) call.end.resolve();
    world.produce(1, 1);
    await world.clock.advance(100);
    const own = member.calls.all.slice(before).filter((call) => call.partition === 0);
    expect(member.partition().mapHeld).toBe(true);
    expect(own.filter((call) => call.offset > settled)).toEqual([]);
    expect(member.calls.open).toContain('1:0'); // the other partition goes on
    await finishAll(world, member);
    expect(member.of('map.released')).not.toHaveLength(0);
    expect(member.calls.handled.size).toBe(3_001);
    await world.clock.advance(200);
    expect(world.stored()).toEqual({ offset: world.cluster.range('t', 0).high, done: [] });
    expect(world.violations).toEqual([]);
  });

  it('above the limit is left out of the commit, which still comes', async () => {
    const world = new World({ fetchMaxRecords: 10_000 });
    const member = await world.engine({ options: options({ limit: 4_000 }) });
    produceSparse(world, 3_000);
    await world.clock.tick();
    member.calls.running.forEach((call, i) => i % 2 === 1 && call.end.resolve());
    await world.clock.advance(100);
    expect(member.partition().mapChars).toBeGreaterThan(METADATA_LIMIT_CHARS);
    const first = member.calls.all[0]?.offset;
    expect(world.cluster.committed('g', 't', 0)).toEqual({ offset: first, metadata: '' });
    await finishAll(world, member);
    await world.clock.advance(200);
    expect(world.stored()).toEqual({ offset: world.cluster.range('t', 0).high, done: [] });
  });

  it.each(['manual', 'cadence'] as const)(
    'never stands still: what could start is looked at again (%s)',
    async (mode) => {
      const world = new World({ fetchMaxRecords: 10_000 });
      const commit = mode === 'manual' ? 'manual' : { intervalMs: 3_600_000, records: 1_000_000 };
      const member = await world.engine({ options: options({ limit: 1_000, concurrency: 'key', commit }) });
      const random = seeded(5);
      for (let i = 0; i < 3_000; i++) {
        world.cluster.skipOffsets('t', 0, 200 + Math.floor(random() * 60_000));
        world.produce([`k${i % 1_200}`]); // lanes that reach below the bound and above it
      }
      await world.clock.tick();
      for (let round = 0; round < 40 && !member.partition().mapHeld; round++) {
        const running = member.calls.running.sort((a, b) => a.offset - b.offset);
        running.forEach((call, i) => i % 2 === 1 && call.end.resolve());
        await world.clock.tick();
        member.calls.running[0]?.delivery.commit().catch(() => undefined);
        await world.clock.tick();
      }
      expect(member.partition().mapHeld).toBe(true);
      await finishAll(world, member, 1);
      expect(member.calls.handled.size).toBe(3_000);
    },
  );

  it('on a compacted topic does not hold what nobody has settled', async () => {
    const world = new World({ fetchMaxRecords: 10_000 });
    const member = await world.engine({ options: options({ limit: 2 }) });
    produceSparse(world, 3_000);
    await world.clock.tick();
    member.calls.running[0]?.end.resolve();
    await world.clock.advance(100);
    expect(member.partition().mapHeld).toBe(false);
    expect(member.calls.running).toHaveLength(2);
  });

  it('that the broker refuses becomes smaller, for its own partition only', async () => {
    const world = new World({ partitions: 2 });
    const member = await world.engine({ options: options({ limit: 400 }) });
    world.produce(100);
    world.produce(100, 1);
    await world.clock.tick();
    for (let offset = 1; offset < 100; offset += 7) member.calls.finish(offset);
    member.calls.finish(1, 1);
    await world.clock.tick();
    world.cluster.faults.commit({ code: 'COMMIT_METADATA_TOO_LARGE' });
    await world.clock.advance(1_000);
    expect(member.of('commit.failed')).toMatchObject([{ error: { code: 'COMMIT_METADATA_TOO_LARGE' } }]);
    expect(world.cluster.committed('g', 't', 0)).toEqual({ offset: 0, metadata: '' });
    expect(world.stored(1)).toEqual({ offset: 0, done: [{ from: 1, to: 2 }] });
    expect([member.partition(0).mapHeld, member.partition(1).mapHeld]).toEqual([true, false]);
    member.calls.finishAll();
    await world.clock.advance(200);
    expect([world.stored(0)?.offset, world.stored(1)?.offset]).toEqual([100, 100]);
    expect(member.partition(0).mapHeld).toBe(false);
  });
});

describe('a stored map that cannot be right', () => {
  it('is dropped with an event, and its records are delivered again', async () => {
    const world = new World();
    const setup = { options: options({ limit: 10 }) };
    const a = await world.engine(setup);
    world.produce(5);
    await world.clock.tick();
    a.calls.finish(2);
    a.calls.finish(4); // and the rest never ends
    await world.drain(a);
    const stored = world.cluster.committed('g', 't', 0);
    expect(stored?.metadata).not.toBe('');
    const spoil = world.cluster.driver().createConsumer({ groupId: 'g', topics: ['t'] });
    const running = spoil.start({
      assigned: (assignment) => Promise.resolve(assignment.partitions.map((p) => ({ ...p, offset: 0 }))),
      revoking: () => Promise.resolve(),
      lost: () => undefined,
      records: (batch) => batch.records.length,
      stateChanged: () => undefined,
    });
    await world.clock.tick();
    await running;
    const spoiled = spoil.commit([
      { topic: 't', partition: 0, offset: 0, metadata: `${stored?.metadata.slice(0, -4)}AAAA` },
    ]);
    await world.clock.tick();
    await spoiled;
    await world.clock.runUntil(spoil.stop());
    const b = await world.engine(setup);
    expect(b.of('map.dropped')).toMatchObject([{ topic: 't', partition: 0, worker: 'w', reason: expect.any(String) }]);
    expect(b.calls.open).toEqual(['0:0', '0:1', '0:2', '0:3', '0:4']);
  });
});
