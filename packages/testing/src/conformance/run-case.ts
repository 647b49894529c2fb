import { type ConformanceCase } from './conformance-case.js';
import type { ConformanceSubject } from './subject.js';
import { Environment } from './world/environment.js';

/** Runs one case in a world of its own. Rejects where the driver does otherwise than the case says. */
export async function runCase(subject: ConformanceSubject, one: ConformanceCase): Promise<void> {
  const env = new Environment(await subject.open());
  let passed = false;
  try {
    await one.run(env);
    passed = true;
  } finally {
    await env.close(passed);
  }
}
