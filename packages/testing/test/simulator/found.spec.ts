import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { type BrokenPromise, type Scenario, simulate } from '@kafka-worker/testing/simulator';

/** A bug that was in the engine, and the smallest history that shows it: kept by `npm run mutants`, which plants it. */
interface Found {
  readonly name: string;
  readonly promise: BrokenPromise;
  readonly message: string;
  readonly scenario: Scenario;
}

const folder = join(import.meta.dirname, 'found');
const found = readdirSync(folder).map((file) => JSON.parse(readFileSync(join(folder, file), 'utf8')) as Found);

describe('bugs that the simulator found', () => {
  it('are kept', () => expect(found.length).toBeGreaterThan(5));

  it.each(found)('$name ($promise)', async ({ scenario }) => {
    const { violations, starts } = await simulate(scenario);
    expect(violations).toEqual([]);
    expect(starts).toBeGreaterThan(0);
  });
});
