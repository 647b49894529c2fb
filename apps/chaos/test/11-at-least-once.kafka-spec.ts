import { describe, expect, it, jest } from '@jest/globals';
import { hasTestBrokers } from '@app/kafka-cluster';
import type { Kills } from '../src/index.js';
import { battle, expectFought, report, times, total } from './battle.js';

jest.setTimeout(240_000);

const KILLS = {
  before: 5,
  in: 5,
  after: 5,
  commit: 5,
  committed: 5,
  drain: 5,
  rebalance: 6,
  random: 10,
} satisfies Kills;

(hasTestBrokers() ? describe : describe.skip)('at-least-once under kill -9', () => {
  // Cooperative hand-overs take two joins, with a commit between them; eager ones take all of everybody in each.
  it.each(['cooperative', 'round-robin'] as const)(
    '%s: makes every effect, repeats what was not committed',
    async (assignment) => {
      const outcome = await battle('at-least-once', {
        kills: KILLS,
        assignment,
        guarantee: ({ log }) => ({ type: 'at-least-once', log }),
      });
      let [records, effects] = [0, 0];
      const missing: string[] = [];
      const repeats: number[] = [];
      let repeatedWithoutKill = 0;
      for (const { entries, names, killed } of outcome.cells) {
        const made = entries.filter(({ deed }) => deed === 'effect');
        const done = times(made.map(({ name }) => name));
        // Of each record one effect may be by somebody who lived: more come of a member that the group had given up.
        const byLiving = times(made.filter(({ pid }) => !killed.has(pid)).map(({ name }) => name));
        repeatedWithoutKill += [...byLiving.values()].reduce((sum, count) => sum + count - 1, 0);
        records += names.length;
        effects += [...done.values()].reduce((sum, count) => sum + count, 0);
        missing.push(...names.filter((name) => !done.has(name)));
        repeats.push(...[...done.values()].filter((count) => count > 1));
      }
      const again = repeats.reduce((sum, count) => sum + count - 1, 0);
      report(`11 at-least-once, ${assignment}`, outcome, {
        records,
        effects,
        missing: missing.length,
        repeatedRecords: repeats.length,
        repeats: again,
        repeatsPerKill: Number((again / total(outcome.kills)).toFixed(1)),
        repeatedWithoutKill,
        mostOften: Math.max(1, ...repeats),
      });
      expectFought(outcome, KILLS);
      expect(missing).toEqual([]);
      // Kills between effect and commit cannot but repeat a record: that they do shows that they hit.
      expect(again).toBeGreaterThanOrEqual(KILLS.after + KILLS.commit);
    },
  );
});
