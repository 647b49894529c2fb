import { describe, expect, it } from '@jest/globals';
import { failureTables } from './support/failure-tables.js';
import { FAILURES, NEVER_MEET, type Failure } from './support/failures.js';
import { GeneratedPart } from './support/generated-part.js';
import { OUTCOME_NAMES } from './support/outcomes.js';
import { POLICIES, type PolicyName } from './support/policies.js';
import { Scene, type Played } from './support/scene.js';

// UPDATE_DOCS=1 writes what came out into docs/failures.md; without it the page has to say just that.

const played = new Map<string, Promise<Played>>();

/** Plays a failure under a policy, once. */
function play(failure: Failure, policy: PolicyName): Promise<Played> {
  const key = `${failure.name}\n${policy}`;
  const found = played.get(key) ?? new Scene(failure, policy).run();
  played.set(key, found);
  return found;
}

/** What came out, as the table has it. */
async function cellOf(failure: Failure, policy: PolicyName): Promise<string> {
  if (failure.expected[policy] === NEVER_MEET) return NEVER_MEET;
  const { attempts, name, seen } = await play(failure, policy);
  const outcome = name ?? JSON.stringify(seen);
  return attempts === '' ? outcome : `${attempts}: ${outcome}`;
}

describe.each(FAILURES)('$name', (failure) => {
  it.each(POLICIES.filter((policy) => failure.expected[policy] !== NEVER_MEET))('%s', async (policy) => {
    const { violations } = await play(failure, policy);
    expect(violations).toEqual([]);
    expect(await cellOf(failure, policy)).toBe(failure.expected[policy]);
  });
});

describe('docs/failures.md', () => {
  it('has what came out, and nothing else', async () => {
    const tables = await failureTables(cellOf);
    const part = new GeneratedPart('failures.md', 'failures');
    if (process.env['UPDATE_DOCS'] === '1') part.write(tables);
    expect(part.read()).toBe(tables);
  }, 60_000);

  it('names no outcome that does not occur', () => {
    const cells = FAILURES.flatMap(({ expected }) => POLICIES.map((policy) => expected[policy]));
    expect(OUTCOME_NAMES.filter((name) => !cells.some((cell) => cell.replace(/^[\d +]+: /, '') === name))).toEqual([]);
  });
});
