export { readDeadLetters, type ListedDeadLetter, type ReadDeadLettersOptions } from './read-dead-letters.js';
export { replayDeadLetters, type ReplayDeadLettersOptions } from './replay-dead-letters.js';
export { replayGroupId, listGroupId } from './groups.js';
export { REPLAYED_FROM_HEADER } from './letters/headers.js';
export type { DeadLetter, DeadLetterOrigin, DeadLetterPayload, DeadLetterSizes } from './letters/dead-letter.js';
export type { DeadLetterFilter, OffsetSpan } from './letters/filter.js';
export type { ReplayedLetter, ReplayEvent, ReplayListener } from './replay/events.js';
export type {
  LetterPosition,
  PartitionReport,
  ReplayOutcome,
  ReplayProblem,
  ReplayReport,
  ReplayTarget,
  ReplayTotals,
} from './replay/report.js';
