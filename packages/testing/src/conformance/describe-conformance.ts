import { isAsked } from './conformance-case.js';
import { CHAPTERS } from './chapters.js';
import { runCase } from './run-case.js';
import type { ConformanceSubject } from './subject.js';

/** What the suite needs of a test framework: Jest, Vitest and `node:test` have it under these names. */
export interface TestFramework {
  describe(name: string, body: () => void): unknown;
  it(name: string, body: () => Promise<void>, timeoutMs?: number): unknown;
}

/** Bound of one case. Milliseconds. */
const CASE_TIMEOUT_MS = 60_000;

/** Registers every case for a driver, one test each; those that its capabilities leave out are not shown. */
export function describeConformance(subject: ConformanceSubject, { describe, it }: TestFramework): void {
  describe(`conformance of ${subject.name}`, () => {
    for (const { title, cases } of CHAPTERS) {
      describe(title, () => {
        for (const one of cases) {
          if (!isAsked(one, subject.capabilities)) continue;
          it(one.name, () => runCase(subject, one), CASE_TIMEOUT_MS);
        }
      });
    }
  });
}
