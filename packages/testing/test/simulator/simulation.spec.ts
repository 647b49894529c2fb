import { describe, expect, it } from '@jest/globals';
import { scenarioOf, simulate, simulateSeed } from '@kafka-worker/testing/simulator';
import { readStoredMap } from '../../src/simulator/model/stored-map.js';

describe('a simulation', () => {
  it('goes the same way each time', async () => {
    for (const seed of [3, 8, 21]) {
      const [first, second] = [await simulateSeed(seed), await simulateSeed(seed)];
      expect(second.history()).toBe(first.history());
      expect(second.steps).toBe(first.steps);
    }
  });

  it('goes the same way from a scenario that was written down', async () => {
    const scenario = scenarioOf(8);
    const { history } = await simulate(scenario);
    const again = await simulate(JSON.parse(JSON.stringify(scenario)));
    expect(again.history()).toBe(history());
  });

  it('meets everything that it is about, in a few hundred seeds', async () => {
    const wanted = [
      'has lost',
      'is killed',
      'is cut off',
      'is back',
      'its connections drop',
      'drains for its end',
      'tells frozen',
      'tells unfrozen',
      'tells sought',
      'tells record.late',
      'tells map.held',
      'tells map.released',
      'tells paused',
      'tells position.reset',
      'commit failed',
      '"outcome":"timeout"',
      'hang,',
      'sync,',
      ', deaf',
      ', commits',
      ', aborted',
      'disposition "skipped"',
      'disposition "abandoned"',
      'ran longer than',
      'orderBy threw',
      'move-coordinator',
      'pass-generation',
      'transaction',
      'compact',
    ];
    const missing = new Set(wanted.map((text) => text.replace('"outcome":"timeout"', 'outcome "timeout"')));
    for (let seed = 1; seed <= 400 && missing.size > 0; seed++) {
      const told = (await simulateSeed(seed)).history();
      for (const text of missing) if (told.includes(text)) missing.delete(text);
    }
    expect([...missing]).toEqual([]);
  }, 60_000);
});

describe("the model's own reader of done-sets", () => {
  it('says nothing of what is not a map of this offset', () => {
    expect(readStoredMap('', 5)).toEqual([]);
    expect(readStoredMap('somebody else wrote this', 5)).toBeUndefined();
    expect(readStoredMap('kw1RAAAAAA==', 5)).toBeUndefined();
  });
});
