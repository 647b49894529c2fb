import { ADMIN } from './cases/admin.js';
import { BACKPRESSURE } from './cases/backpressure.js';
import { COMMITS } from './cases/commits.js';
import { HAND_OVER } from './cases/hand-over.js';
import { JOINING } from './cases/joining.js';
import { LIVENESS } from './cases/liveness.js';
import { LOSSES } from './cases/losses.js';
import { OUT_OF_RANGE } from './cases/out-of-range.js';
import { POSITIONS } from './cases/positions.js';
import { PRODUCER } from './cases/producer.js';
import { RECORDS } from './cases/records.js';
import { STATES } from './cases/states.js';
import { STOPPING } from './cases/stopping.js';
import { TRANSACTIONS_CHAPTER } from './cases/transactions.js';
import type { ConformanceChapter } from './conformance-case.js';

/** Every case of the suite, in the order in which they are best read. */
export const CHAPTERS: readonly ConformanceChapter[] = [
  JOINING,
  HAND_OVER,
  POSITIONS,
  RECORDS,
  BACKPRESSURE,
  COMMITS,
  LOSSES,
  OUT_OF_RANGE,
  LIVENESS,
  STOPPING,
  STATES,
  PRODUCER,
  TRANSACTIONS_CHAPTER,
  ADMIN,
];
