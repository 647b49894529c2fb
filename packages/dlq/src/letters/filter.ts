import { ConfigurationError, type ConfigurationMistake, type KafkaRecord } from '@kafka-worker/engine';
import type { DeadLetter } from './dead-letter.js';

/** Offsets, both ends included; an end that is left out is open. */
export interface OffsetSpan {
  readonly from?: number;
  readonly to?: number;
}

/**
 * Which dead letters are meant: those that match everything that is given. What asks for the origin or the failure
 * matches no foreign record.
 */
export interface DeadLetterFilter {
  /** Partition of the dead-letter topic. */
  readonly partition?: number;
  /** Offsets in the dead-letter topic. */
  readonly offsets?: OffsetSpan;
  /** Topic that the record came from. */
  readonly fromTopic?: string;
  /** Partition that the record came from. */
  readonly fromPartition?: number;
  /** Offsets that the record had where it came from. */
  readonly fromOffsets?: OffsetSpan;
  /** Group whose member gave up on it. */
  readonly group?: string;
  /** Worker that gave up on it. */
  readonly worker?: string;
  /** Class of the error, or a regular expression that its message has to match. */
  readonly error?: string | RegExp;
  /** Key of the record, byte for byte; text is UTF-8. */
  readonly key?: string | Buffer;
  /** Given up at this moment or later. Milliseconds since the epoch. */
  readonly since?: number;
  /** Given up before this moment. Milliseconds since the epoch. */
  readonly until?: number;
}

/** True where a dead letter matches. */
export type DeadLetterMatcher = (letter: DeadLetter, record: Pick<KafkaRecord, 'key'>) => boolean;

/** @throws ConfigurationError naming everything that cannot be meant. */
export function compileFilter(filter: DeadLetterFilter): DeadLetterMatcher {
  const mistakes = filterMistakes(filter);
  if (mistakes.length > 0) throw new ConfigurationError(mistakes);
  const { partition, offsets, fromTopic, fromPartition, fromOffsets, group, worker, since, until } = filter;
  const key = typeof filter.key === 'string' ? Buffer.from(filter.key) : filter.key;
  const failed = errorMatcher(filter.error);
  const asksOrigin = [fromTopic, fromPartition, fromOffsets, group, worker, filter.error, since, until].some(
    (asked) => asked !== undefined,
  );
  return (letter, record) => {
    const { origin } = letter;
    if (partition !== undefined && letter.partition !== partition) return false;
    if (!isWithin(letter.offset, offsets)) return false;
    if (key !== undefined && !(record.key?.equals(key) ?? false)) return false;
    if (!asksOrigin) return true;
    if (origin === undefined) return false;
    return (
      (fromTopic === undefined || origin.topic === fromTopic) &&
      (fromPartition === undefined || origin.partition === fromPartition) &&
      isWithin(origin.offset, fromOffsets) &&
      (group === undefined || origin.group === group) &&
      (worker === undefined || origin.worker === worker) &&
      (since === undefined || (origin.failedAt ?? -Infinity) >= since) &&
      (until === undefined || (origin.failedAt ?? Infinity) < until) &&
      failed(origin)
    );
  };
}

type Failed = (failure: {
  readonly errorClass: string | undefined;
  readonly errorMessage: string | undefined;
}) => boolean;

function errorMatcher(error: string | RegExp | undefined): Failed {
  if (error === undefined) return () => true;
  if (typeof error === 'string') return ({ errorClass }) => errorClass === error;
  // Without the flags by which an expression remembers where it stood in the text before.
  const expression = new RegExp(error.source, error.flags.replace(/[gy]/g, ''));
  return ({ errorMessage }) => errorMessage !== undefined && expression.test(errorMessage);
}

function isWithin(offset: number, { from = 0, to = Infinity }: OffsetSpan = {}): boolean {
  return offset >= from && offset <= to;
}

function filterMistakes(filter: DeadLetterFilter): ConfigurationMistake[] {
  const mistakes: ConfigurationMistake[] = [];
  const note = (option: string, message: string): void => void mistakes.push({ where: 'filter', option, message });
  for (const option of ['partition', 'fromPartition', 'since', 'until'] as const) {
    const value = filter[option];
    if (value !== undefined && !isWhole(value)) note(option, `${value} is not allowed; a whole number from 0 on is`);
  }
  for (const option of ['offsets', 'fromOffsets'] as const) {
    const { from = 0, to = Number.MAX_SAFE_INTEGER } = filter[option] ?? {};
    if (!isWhole(from) || !isWhole(to)) note(option, `${from}..${to} is not allowed; whole numbers from 0 on are`);
    else if (from > to) note(option, `${from}..${to} is empty`);
  }
  const { since, until } = filter;
  if (since !== undefined && until !== undefined && since >= until) note('until', 'lies before since: nothing matches');
  return mistakes;
}

function isWhole(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}
