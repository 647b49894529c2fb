import { describe, expect, it } from '@jest/globals';
import type { RebalanceOptions } from '../src/index.js';
import type { Call } from './support/calls.js';
import { seeded } from './support/random.js';
import { World, type Member } from './support/world.js';

const PARTITIONS = 6;
const PER_PARTITION = 150;

interface Churn {
  readonly incrementalRebalance: boolean;
  readonly rebalance: RebalanceOptions;
}

/** Members come and go at random while records are handled; what runs for a lane is watched over all of them. */
async function churn(seed: number, { incrementalRebalance, rebalance }: Churn) {
  const random = seeded(seed);
  const world = new World({ partitions: PARTITIONS, latencyMs: 2 });
  const problems: string[] = [];
  const running = new Map<string, Call>();
  const finished = new Map<string, number>();
  const twice = new Set<string>();
  for (let partition = 0; partition < PARTITIONS; partition++) {
    for (let i = 0; i < PER_PARTITION; i++) world.produce([`k${Math.floor(random() * 8)}`], partition);
  }
  const respond = async (call: Call): Promise<void> => {
    const lane = `${call.partition}/${call.key}`;
    const other = running.get(lane);
    // one whose result will not count may still run: nobody can stop a handler
    if (other !== undefined && !other.signal.aborted) problems.push(`${lane}: ${call.offset} beside ${other.offset}`);
    const last = finished.get(lane) ?? -1;
    if (call.offset <= last) twice.add(`${lane}:${call.offset}`);
    running.set(lane, call);
    await new Promise<void>((resolve) => world.clock.setTimer(resolve, Math.floor(random() * 80)));
    if (running.get(lane) === call) running.delete(lane);
    if (random() < 0.1) throw new Error('no');
    if (!call.signal.aborted) finished.set(lane, Math.max(last, call.offset));
  };
  const join = async (): Promise<Member> => {
    const member = world.make({
      inMemory: { incrementalRebalance },
      rebalance,
      options: {
        concurrency: 'key',
        limit: 20,
        retry: { attempts: 100, backoff: () => Math.floor(random() * 50) },
        commit: { intervalMs: 60, records: 25 },
        buffer: { records: 40 },
      },
    });
    member.calls.respond = respond;
    void member.engine.start();
    await world.clock.advance(Math.floor(random() * 300));
    return member;
  };
  let members = [await join()];
  for (let step = 0; step < 14; step++) {
    if (members.length < 2 || (members.length < 4 && random() < 0.5)) members.push(await join());
    else {
      const leaving = members[Math.floor(random() * members.length)] as Member;
      members = members.filter((member) => member !== leaving);
      const drained = leaving.engine.drain();
      if (random() < 0.5) await world.clock.runUntil(drained);
    }
  }
  const all = (async () => {
    while (world.cluster.lag('g') > 0) await new Promise<void>((resolve) => world.clock.setTimer(resolve, 500));
  })();
  await world.clock.runUntil(all);
  await world.drain(...members);
  await world.clock.advance(10_000);
  return { world, problems, twice };
}

describe.each([true, false])('members that come and go (incrementalRebalance: %p)', (incrementalRebalance) => {
  it.each([1, 2, 3, 4, 5, 15, 44])(
    'by drain lose nothing, keep the order and repeat nothing (seed %i)',
    async (seed) => {
      const { world, problems, twice } = await churn(seed, { incrementalRebalance, rebalance: {} });
      expect(problems).toEqual([]);
      expect([...twice]).toEqual([]);
      expect(world.violations).toEqual([]);
      expect(world.cluster.lag('g')).toBe(0);
      expect(world.cluster.group('g').members).toEqual([]);
      expect(world.clock.pending).toBe(0);
    },
  );

  it.each([6, 7, 8])('by commit-completed lose nothing and keep the order (seed %i)', async (seed) => {
    const rebalance = { strategy: 'commit-completed' } as const;
    const { world, problems } = await churn(seed, { incrementalRebalance, rebalance });
    expect(problems).toEqual([]);
    expect(world.violations).toEqual([]);
    expect(world.cluster.lag('g')).toBe(0);
    expect(world.clock.pending).toBe(0);
  });
});
