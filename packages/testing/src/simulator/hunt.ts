import fc from 'fast-check';
import { scenarios } from './scenario/arbitrary.js';
import type { Scenario } from './scenario/scenario.js';
import { simulate, type SimulationResult } from './simulation.js';

/** The scenario that a seed stands for. */
export function scenarioOf(seed: number): Scenario {
  return fc.sample(scenarios, { seed, numRuns: 1, unbiased: true })[0] as Scenario;
}

/** A seed that broke a promise, made as small as could be. */
export interface Find {
  readonly seed: number;
  readonly scenario: Scenario;
  readonly result: SimulationResult;
}

/** Plays one seed. */
export function simulateSeed(seed: number): Promise<SimulationResult> {
  return simulate(scenarioOf(seed));
}

/**
 * Shrinks what a seed has found: the smallest scenario in reach that still breaks a promise of the same name.
 * @param withinMs real milliseconds it may take. Default 30,000.
 */
export async function shrink(seed: number, withinMs = 30_000): Promise<Find> {
  const first = await simulateSeed(seed);
  const promise = first.violations[0]?.promise;
  if (promise === undefined) throw new Error(`seed ${seed} breaks no promise`);
  let smallest: Find = { seed, scenario: scenarioOf(seed), result: first };
  await fc.check(
    fc.asyncProperty(scenarios, async (scenario) => {
      const result = await simulate(scenario);
      if (result.violations[0]?.promise !== promise) return true;
      smallest = { seed, scenario, result };
      return false;
    }),
    { seed, numRuns: 1, unbiased: true, interruptAfterTimeLimit: withinMs },
  );
  return smallest;
}
