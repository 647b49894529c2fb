import { COMMIT_CASES } from './commits.js';
import { LOG_CASES } from './logs.js';
import type { ParityCase } from './parity-case.js';
import { REBALANCE_CASES } from './rebalances.js';
import { SESSION_CASES } from './sessions.js';
import { TRANSACTION_CASES } from './transactions.js';

export const PARITY_CASES: readonly ParityCase[] = [
  ...COMMIT_CASES,
  ...SESSION_CASES,
  ...REBALANCE_CASES,
  ...LOG_CASES,
  ...TRANSACTION_CASES,
];
