import {
  deadLetter,
  freeze,
  retryTopics,
  skip,
  type DeadLetterBudgetOptions,
  type FailurePolicy,
} from '@kafka-worker/nestjs';
import { GROUP } from './stage.js';

export const SOURCE = 'orders';
export const DEAD = 'orders.dead';
/** Milliseconds. */
export const RETRY_DELAY_MS = 10_000;
export const RETRY = `${SOURCE}.${GROUP}.retry-${RETRY_DELAY_MS}`;

/** Names of the policies, which are the columns of the table. */
export const POLICIES = ['freezePartition', 'freezeKey', 'skip', 'deadLetter', 'retryTopics', 'inOrder'] as const;
export type PolicyName = (typeof POLICIES)[number];

/** As they stand at the head of the table. */
export const POLICY_HEADS: Readonly<Record<PolicyName, string>> = {
  freezePartition: "`freeze('partition')`",
  freezeKey: "`freeze('key')`",
  skip: '`skip()`',
  deadLetter: '`deadLetter({ topic })`',
  retryTopics: '`retryTopics([ms], deadLetter(…))`',
  inOrder: "the same, `{ orderedBy: 'key' }`",
};

/** Makes a policy. @param budget of dead letters; default none, so that it plays no part */
export function policyOf(name: PolicyName, budget: DeadLetterBudgetOptions | false = false): FailurePolicy {
  switch (name) {
    case 'freezePartition':
      return freeze('partition');
    case 'freezeKey':
      return freeze('key');
    case 'skip':
      return skip();
    case 'deadLetter':
      return deadLetter({ topic: DEAD, budget });
    case 'retryTopics':
      return retryTopics([RETRY_DELAY_MS], deadLetter({ topic: DEAD, budget }));
    case 'inOrder':
      return retryTopics([RETRY_DELAY_MS], deadLetter({ topic: DEAD, budget }), { orderedBy: 'key' });
  }
}
