import { FAILURES, type Failure } from './failures.js';
import { markdownTable } from './generated-part.js';
import { OUTCOME_NAMES, OUTCOMES, type Outcome } from './outcomes.js';
import { POLICIES, POLICY_HEADS, type PolicyName } from './policies.js';

const OUTCOME_HEAD = [
  'outcome',
  'the record',
  'the committed offset',
  'later ones of its key',
  'of other keys',
  'after a restart',
];

/** Failures by policies, and what the outcomes mean. @param cellOf what came out */
export async function failureTables(
  cellOf: (failure: Failure, policy: PolicyName) => Promise<string>,
): Promise<string> {
  const failures: string[][] = [];
  for (const failure of FAILURES) {
    const cells: string[] = [];
    for (const policy of POLICIES) cells.push(await cellOf(failure, policy));
    failures.push([failure.name, ...cells]);
  }
  const heads = POLICIES.map((policy) => POLICY_HEADS[policy]);
  const outcomes = OUTCOME_NAMES.map((name) => [name, ...describe(OUTCOMES[name])]);
  return `${markdownTable(['failure', ...heads], failures)}\n\n${markdownTable(OUTCOME_HEAD, outcomes)}`;
}

function describe({ record, offset, sameKey, otherKeys, restart }: Outcome): string[] {
  const ends = record.map((end) => end.replace(/^[\w-]+/, '`$&`'));
  return [ends.join(', then ') || 'no end', offset, sameKey, otherKeys, restart];
}
