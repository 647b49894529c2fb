import { describe, expect, it } from '@jest/globals';
import { fixed, type Concurrency, type DeliveryHandler, type WorkerOptions } from '../src/index.js';
import { seeded } from './support/random.js';
import { World } from './support/world.js';

const RECORDS = 2_500;
const PARTITIONS = 5;

interface Watch {
  readonly handle: DeliveryHandler;
  readonly violations: string[];
  readonly done: Set<string>;
  highest: number;
  highestPartitions: number;
  attempts: number;
}

/** Handlers of random length of which every fifth attempt fails; writes down whatever breaks an order or a bound. */
function watch(world: World, mode: Concurrency, random: () => number): Watch {
  const running = new Map<string, number>();
  const partitions = new Map<number, number>();
  const last = new Map<string, { offset: number; done: boolean }>();
  let now = 0;
  const result: Watch = {
    violations: [],
    done: new Set(),
    highest: 0,
    highestPartitions: 0,
    attempts: 0,
    handle: async ({ record, attempt }) => {
      const { partition, offset } = record;
      const lane =
        mode === 'serial'
          ? 'all'
          : mode === 'partition'
            ? `${partition}`
            : mode === 'key' && record.key !== null
              ? `${partition}/${record.key.toString()}`
              : `${partition}#${offset}`;
      const where = `${partition}:${offset} attempt ${attempt}`;
      const others = running.get(lane) ?? 0;
      if (others > 0) result.violations.push(`${where} runs beside another of lane ${lane}`);
      running.set(lane, others + 1);
      const sequence = mode === 'serial' ? `all/${partition}` : lane;
      const before = last.get(sequence);
      if (before !== undefined) {
        if (attempt === 1 && before.offset >= offset) result.violations.push(`${where} after ${before.offset}`);
        if (attempt === 1 && !before.done) result.violations.push(`${where} before ${before.offset} was done`);
        if (attempt > 1 && before.offset !== offset) result.violations.push(`${where} between other records`);
      } else if (attempt > 1) result.violations.push(`${where} was never tried before`);
      const current = { offset, done: false };
      last.set(sequence, current);
      partitions.set(partition, (partitions.get(partition) ?? 0) + 1);
      result.attempts++;
      result.highest = Math.max(result.highest, ++now);
      result.highestPartitions = Math.max(result.highestPartitions, partitions.size);
      try {
        await new Promise<void>((resolve) => world.clock.setTimer(resolve, Math.floor(random() * 20)));
        if (random() < 0.2) throw new Error('no');
        current.done = true;
        if (result.done.has(where)) result.violations.push(`${where} twice`);
        result.done.add(`${partition}:${offset}`);
      } finally {
        now--;
        running.set(lane, (running.get(lane) as number) - 1);
        const left = (partitions.get(partition) as number) - 1;
        if (left === 0) partitions.delete(partition);
        else partitions.set(partition, left);
      }
    },
  };
  return result;
}

async function run(
  seed: number,
  options: WorkerOptions,
): Promise<{ world: World; watched: Watch; committed: number[] }> {
  const random = seeded(seed);
  const world = new World({ partitions: PARTITIONS });
  const watched = watch(world, options.concurrency ?? 'partition', random);
  for (let i = 0; i < RECORDS; i++) {
    const key = random() < 0.2 ? null : `k${Math.floor(random() ** 2 * 40)}`;
    world.produce([key], Math.floor(random() * PARTITIONS));
  }
  const member = await world.engine({
    handle: watched.handle,
    options: {
      retry: { attempts: 50, backoff: () => Math.floor(random() * 30) },
      buffer: { records: 100 },
      ...options,
    },
  });
  const all = (async () => {
    while (world.cluster.lag('g') > 0) await new Promise<void>((resolve) => world.clock.setTimer(resolve, 500));
  })();
  await world.clock.runUntil(all, 10 * 3_600_000);
  await world.drain(member);
  const committed = Array.from({ length: PARTITIONS }, (_, p) => world.stored(p)?.offset ?? 0);
  return { world, watched, committed };
}

const cases: [string, WorkerOptions, { limit: number; partitions: number }][] = [
  ['serial', { concurrency: 'serial', retry: { attempts: 50, backoff: fixed(5) } }, { limit: 1, partitions: 1 }],
  ['partition', { concurrency: 'partition', limit: 3 }, { limit: 3, partitions: 3 }],
  ['key', { concurrency: 'key', limit: 12 }, { limit: 12, partitions: 5 }],
  ['key with partitionLimit', { concurrency: 'key', limit: 12, partitionLimit: 2 }, { limit: 12, partitions: 2 }],
  ['unordered', { concurrency: 'unordered', limit: 20 }, { limit: 20, partitions: 5 }],
  [
    'unordered with partitionLimit',
    { concurrency: 'unordered', limit: 7, partitionLimit: 3 },
    { limit: 7, partitions: 3 },
  ],
];

describe.each(cases)('order and bounds with %s', (_name, options, bound) => {
  it.each([1, 2, 3])('hold over every record, retries in between (seed %i)', async (seed) => {
    const { watched, committed } = await run(seed, options);
    expect(watched.violations).toEqual([]);
    expect(watched.done.size).toBe(RECORDS);
    expect(committed.reduce((sum, offset) => sum + offset, 0)).toBe(RECORDS);
    expect(watched.attempts).toBeGreaterThan(RECORDS);
    expect(watched.highest).toBe(bound.limit);
    expect(watched.highestPartitions).toBe(bound.partitions);
  });
});
