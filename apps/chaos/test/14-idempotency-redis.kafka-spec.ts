import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { hasTestBrokers } from '@app/kafka-cluster';
import { availableRedis, startRedis, type RedisService } from '@app/services';
import { type Entry, type Kills, pause, type Random, type Shape } from '../src/index.js';
import { battle, expectFought, report, times } from './battle.js';

jest.setTimeout(240_000);

const KILLS = {
  before: 5,
  in: 5,
  after: 6,
  commit: 6,
  committed: 6,
  drain: 5,
  rebalance: 5,
  random: 10,
} satisfies Kills;

/** Redis lives this long, and as much again at most, and is away for up to a part of a second. Milliseconds. */
const UP_MS = 4_000;
const DOWN_MS = 800;

/** Each key twice, one directly after the other, in two partitions. */
const PARTITIONS = 6;
function twice(n: number): Shape {
  const pair = n >> 1;
  return { key: `k${pair}`, partition: (pair + (n % 2) * (1 + (pair % (PARTITIONS - 1)))) % PARTITIONS };
}

const possible = hasTestBrokers() && availableRedis({ ours: true });

(possible ? describe : describe.skip)('idempotency in Redis under kill -9', () => {
  let redis: RedisService;

  beforeAll(async () => {
    redis = await startRedis({ ours: true });
  }, 60_000);

  afterAll(() => redis?.stop(), 60_000);

  it('makes the effect of a key once, but for kills between effect and mark', async () => {
    let outages = 0;
    const disturb = async (signal: AbortSignal, random: Random): Promise<void> => {
      while (!signal.aborted) {
        await pause(UP_MS * (1 + random.next()));
        await redis.kill();
        await pause(DOWN_MS * random.next());
        await redis.restart();
        outages++;
      }
    };
    const outcome = await battle('idempotency', {
      kills: KILLS,
      shape: twice,
      guarantee: ({ log }) => ({ type: 'redis', url: redis.url, log }),
      beside: disturb,
    });
    let [records, keys, effects, repeats, gaps] = [0, 0, 0, 0, 0];
    const missing: string[] = [];
    const unexplained: string[] = [];
    const unmarked: string[] = [];
    for (const { names, entries, killed } of outcome.cells) {
      const wanted = Array.from({ length: Math.ceil(names.length / 2) }, (_, pair) => `k${pair}`);
      const done = times(entries.filter(({ deed }) => deed === 'effect').map(({ name }) => name));
      const open = unmarkedEffects(entries);
      // Each of these may be repeated once: its process was killed before the store had, or said that it had, its key.
      const excused = times(open.filter(({ pid }) => killed.has(pid)).map(({ name }) => name));
      records += names.length;
      keys += wanted.length;
      effects += [...done.values()].reduce((sum, count) => sum + count, 0);
      gaps += [...excused.values()].reduce((sum, count) => sum + count, 0);
      missing.push(...wanted.filter((key) => !done.has(key)));
      unmarked.push(...open.filter(({ pid }) => !killed.has(pid)).map(({ name }) => name));
      for (const [key, count] of done) {
        repeats += count - 1;
        if (count - 1 > (excused.get(key) ?? 0)) unexplained.push(`${key}: ${count} effects`);
      }
    }
    report('14 idempotency in Redis', outcome, {
      redisOutages: outages,
      records,
      keys,
      effects,
      missing: missing.length,
      killedBetweenEffectAndMark: gaps,
      repeatedForThat: repeats,
      repeatedOtherwise: unexplained.length,
      unmarked: unmarked.length,
    });
    expectFought(outcome, KILLS);
    expect(missing).toEqual([]);
    expect(unexplained).toEqual([]);
    expect(unmarked).toEqual([]);
    expect(outages).toBeGreaterThan(0);
    // Held right there, a member cannot but leave its effect unmarked; and that is all that ever is repeated.
    expect(gaps).toBeGreaterThanOrEqual(KILLS.after + KILLS.commit);
    expect(repeats).toBeGreaterThanOrEqual(KILLS.after + KILLS.commit);
  });
});

/** Effects whose process has not said after them that their key is marked. */
function unmarkedEffects(entries: readonly Entry[]): Entry[] {
  const open = new Map<string, Entry>();
  for (const entry of entries) {
    const id = `${entry.pid} ${entry.name}`;
    if (entry.deed === 'effect') open.set(id, entry);
    else if (entry.deed === 'marked') open.delete(id);
  }
  return [...open.values()];
}
