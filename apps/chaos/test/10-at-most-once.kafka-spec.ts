import { describe, expect, it, jest } from '@jest/globals';
import { hasTestBrokers } from '@app/kafka-cluster';
import { type Kills, LIMIT } from '../src/index.js';
import { battle, expectFought, repeated, report, times, total } from './battle.js';

jest.setTimeout(240_000);

const KILLS = {
  before: 5,
  in: 6,
  after: 6,
  commit: 6,
  committed: 6,
  drain: 6,
  rebalance: 7,
  stopped: 3,
  random: 10,
} satisfies Kills;

(hasTestBrokers() ? describe : describe.skip)('at-most-once under kill -9', () => {
  it('starts no record twice, and drops no more than a kill can cost', async () => {
    const outcome = await battle('at-most-once', {
      kills: KILLS,
      standstills: ['commit', 'committed', 'handler'],
      guarantee: ({ log }) => ({ type: 'at-most-once', log }),
    });
    let [records, effects, droppedInHandler, droppedBefore] = [0, 0, 0, 0];
    const startedTwice: string[] = [];
    const effectTwice: string[] = [];
    const leftOff: string[] = [];
    for (const { entries, names, killed } of outcome.cells) {
      const starts = times(entries.filter(({ deed }) => deed === 'start').map(({ name }) => name));
      const done = times(entries.filter(({ deed }) => deed === 'effect').map(({ name }) => name));
      startedTwice.push(...repeated(starts));
      effectTwice.push(...repeated(done));
      records += names.length;
      effects += done.size;
      droppedInHandler += names.filter((name) => starts.has(name) && !done.has(name)).length;
      droppedBefore += names.filter((name) => !starts.has(name)).length;
      // Whoever was not killed has finished what it began.
      const unfinished = entries.filter(({ deed, name }) => deed === 'start' && !done.has(name));
      leftOff.push(...unfinished.filter(({ pid }) => !killed.has(pid)).map(({ name }) => name));
    }
    const dropped = droppedInHandler + droppedBefore;
    report('10 at-most-once', outcome, {
      records,
      effects,
      repeated: startedTwice.length + effectTwice.length,
      dropped,
      droppedInHandler,
      droppedBefore,
    });
    expectFought(outcome, KILLS);
    expect(startedTwice).toEqual([]);
    expect(effectTwice).toEqual([]);
    expect(leftOff).toEqual([]);
    // What a kill can cost is what one member had claimed, and what a standstill can is no more.
    expect(dropped).toBeLessThanOrEqual((total(KILLS) + KILLS.stopped) * LIMIT);
    // Some kills cannot but cost a record: that they do shows that they hit.
    expect(dropped).toBeGreaterThanOrEqual(KILLS.in + KILLS.committed + KILLS.drain);
  });
});
