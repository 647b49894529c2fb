import { isAsked } from './conformance-case.js';
import { CHAPTERS } from './chapters.js';
import { runCase } from './run-case.js';
import type { ConformanceSubject } from './subject.js';

/** What the suite needs of a test framework: Jest, Vitest and `node:test` have it under these names. */
export interface TestFramework {
  describe(name: string, body: () => void): unknown;
  it: {
    (name: string, body: () => Promise<void>, timeoutMs?: number): unknown;
    /** For cases that are not asked of the driver, so that the report shows them. Left out: they are not shown. */
    skip?(name: string, body: () => Promise<void>): unknown;
  };
}

/** Bound of one case. Milliseconds. */
const CASE_TIMEOUT_MS = 60_000;

/** Registers every case for a driver, one test each; those that its capabilities leave out are skipped. */
export function describeConformance(subject: ConformanceSubject, { describe, it }: TestFramework): void {
  describe(`conformance of ${subject.name}`, () => {
    for (const { title, cases } of CHAPTERS) {
      describe(title, () => {
        for (const one of cases) {
          const body = (): Promise<void> => runCase(subject, one);
          if (isAsked(one, subject.capabilities)) it(one.name, body, CASE_TIMEOUT_MS);
          else it.skip?.(one.name, body);
        }
      });
    }
  });
}
