import { describe, expect, it } from '@jest/globals';
import { simulateSeed } from '@kafka-worker/testing/simulator';

/** Seeds that are played with every `npm test`; `npm run simulate` explores others. */
const SEEDS = 1_500;
const EACH = 100;

describe('every promise of the engine holds, whatever happens in whatever order', () => {
  it.each(Array.from({ length: SEEDS / EACH }, (_, i) => [i * EACH + 1, (i + 1) * EACH]))(
    'seeds %i to %i',
    async (from, to) => {
      for (let seed = from; seed <= to; seed++) {
        const { violations, history } = await simulateSeed(seed);
        const [broken] = violations;
        if (broken === undefined) continue;
        throw new Error(`seed ${seed} breaks ${broken.promise}: ${broken.message}\n${history(60)}`);
      }
      expect(to).toBeGreaterThan(from);
    },
    60_000,
  );
});
