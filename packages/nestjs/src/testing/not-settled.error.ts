import type { RecordPosition } from './delivered-record.js';
import type { Landing } from './pilot.js';
import type { CompiledDeliverOptions } from './testing-options.js';

/** A delivered record was not settled, and nothing more could be waited for. The message says what keeps it. */
export class RecordNotSettledError extends Error {
  override readonly name = 'RecordNotSettledError';

  /** @internal */
  constructor(
    /** The record in question; of several, the first. */
    readonly record: RecordPosition,
    readonly groupId: string,
    why: string,
  ) {
    super(`${record.topic}/${record.partition}@${record.offset} is not settled in group '${groupId}': ${why}`);
  }
}

/** What a landing means to who waits for records. @internal */
export function describeLanding(landing: Landing, { patienceMs, withinMs }: CompiledDeliverOptions): string {
  switch (landing) {
    case 'arrived':
    case 'hopeless':
      return '';
    case 'silent':
      return `; it gave no sign of life for ${patienceMs} ms of real time (patienceMs), and no timer is left`;
    case 'no-timer':
      return '; no timer is left that could change that';
    case 'too-late':
      return `; and so it is after ${withinMs} ms of the test's clock (withinMs)`;
    case 'endless':
      return '; what happens at this moment has no end: is there a retry without a wait?';
  }
}
