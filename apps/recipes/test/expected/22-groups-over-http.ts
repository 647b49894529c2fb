import { expect } from '@jest/globals';
import type { OutcomeOf } from '../../src/harness/recipe.js';
import type { groupsOverHttp } from '../../src/recipes/22-groups-over-http/recipe.js';

const WORKER = 'POST /kafka/workers/RefundsWorker.onRefund';

export function expectGroupsOverHttp(outcome: OutcomeOf<typeof groupsOverHttp>): void {
  const done = (partition: number) => ({ partition, committed: 5, end: 5, lag: 0 });
  expect(outcome.stuck).toEqual([done(0), { partition: 1, committed: 2, end: 5, lag: 3 }, done(2), done(3)]);
  expect(outcome.why).toEqual({ offset: 2, state: 'frozen', error: 'refund-9: nothing to pay back' });
  const skip = '/unfreeze {"topic":"refunds","partition":1,"skip":true}';
  const seek = (offset: number) => `/seek {"topic":"refunds","partition":0,"to":{"offset":${offset}}}`;
  // nobody, somebody who may not, somebody who may
  expect(outcome.said).toEqual([
    ...[`401 ${WORKER}${skip}`, `403 ${WORKER}${skip}`, `200 ${WORKER}${skip}`],
    ...[`400 ${WORKER}${seek(99)}`, `200 ${WORKER}${seek(3)}`],
    '202 POST /kafka/drain {}',
  ]);
  expect(outcome.refusals).toEqual([
    'a token of an operator is needed',
    'Forbidden resource',
    'to.offset: 99 is not allowed; what is in the log of refunds/0, 0 to 5, is',
  ]);
  expect(outcome.freedLag).toBe(0);
  expect(outcome.membersLeft).toEqual(['first 4']);
  expect(outcome.redelivered).toEqual(['0/3', '0/4']);
  expect(outcome.audit.map(({ who, command, outcome }) => `${who} ${command} ${outcome}`)).toEqual([
    ...['unknown unfreeze refused', 'tom unfreeze refused', 'ann unfreeze done'],
    ...['ann seek refused', 'ann seek done', 'ann drain accepted'],
  ]);
  expect(outcome.progress).toMatchObject({ committed: [5, 5, 5, 5], lag: 0 });
}
