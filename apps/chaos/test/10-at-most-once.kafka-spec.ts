import { describe, expect, it, jest } from '@jest/globals';
import { hasTestBrokers } from '@app/kafka-cluster';
import { type Kills, LIMIT, readLog } from '../src/index.js';
import { battle, times, total } from './battle.js';
import { figures } from './scene.js';

jest.setTimeout(240_000);

const KILLS: Kills = { before: 6, in: 6, after: 6, commit: 6, committed: 6, drain: 6, rebalance: 8, random: 12 };

(hasTestBrokers() ? describe : describe.skip)('at-most-once under kill -9', () => {
  it('starts no record twice, and drops no more than a kill can cost', async () => {
    const outcome = await battle('at-most-once', {
      kills: KILLS,
      guarantee: ({ log }) => ({ type: 'at-most-once', log }),
    });
    let [records, effects, droppedInHandler, droppedBefore] = [0, 0, 0, 0];
    const startedTwice: string[] = [];
    const effectTwice: string[] = [];
    const strangers: string[] = [];
    for (const { log, names, killed } of outcome.cells) {
      const lines = readLog(log);
      const starts = times(lines.filter(({ deed }) => deed === 'start').map(({ name }) => name));
      const done = times(lines.filter(({ deed }) => deed === 'effect').map(({ name }) => name));
      startedTwice.push(...[...starts].flatMap(([name, count]) => (count > 1 ? [name] : [])));
      effectTwice.push(...[...done].flatMap(([name, count]) => (count > 1 ? [name] : [])));
      records += names.length;
      effects += done.size;
      droppedInHandler += names.filter((name) => starts.has(name) && !done.has(name)).length;
      droppedBefore += names.filter((name) => !starts.has(name)).length;
      // Whoever was not killed has finished what it began.
      const unfinished = lines.filter(({ deed, name }) => deed === 'start' && !done.has(name));
      strangers.push(...unfinished.filter(({ pid }) => !killed.has(pid)).map(({ name }) => name));
    }
    const dropped = droppedInHandler + droppedBefore;
    const { seed, kills, fightMs, restMs } = outcome;
    figures('10 at-most-once', {
      seed,
      kills: total(kills),
      ...kills,
      records,
      effects,
      repeated: startedTwice.length,
      dropped,
      droppedInHandler,
      droppedBefore,
      fightMs,
      restMs,
    });
    expect(outcome.accidents).toEqual([]);
    expect(kills).toEqual(KILLS);
    expect(startedTwice).toEqual([]);
    expect(effectTwice).toEqual([]);
    expect(strangers).toEqual([]);
    // What a kill may cost is what had been claimed by one member.
    expect(dropped).toBeLessThanOrEqual(total(kills) * LIMIT);
    // Some of the kills can only cost something: that they do shows that they hit.
    expect(dropped).toBeGreaterThanOrEqual((KILLS.in ?? 0) + (KILLS.committed ?? 0) + (KILLS.drain ?? 0));
    expect(outcome.exits.every((exit) => exit === 0)).toBe(true);
    await outcome.end();
  });
});
