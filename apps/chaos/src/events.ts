import type { AbortCause, EngineEvent } from '@kafka-worker/engine';

/** Which attempt at which record. */
export interface AttemptOf {
  readonly partition: number;
  readonly offset: number;
  readonly key: string | null;
  readonly attempt: number;
}

/** What a handler tells. */
export type HandlerEvent = { readonly at: number } & AttemptOf &
  (
    | { readonly type: 'start' }
    | { readonly type: 'end'; readonly outcome: 'done' | 'failed' }
    | { readonly type: 'aborted'; readonly cause: AbortCause }
  );

/** What a member that is watched tells of its driver. */
export type HandOverEvent = { readonly at: number } &
  /** `offset`: of the first record. */
  (
    | { readonly type: 'handed'; readonly partition: number; readonly offset: number; readonly records: number }
    /** They may go, or are gone. */
    | { readonly type: 'asked'; readonly partitions: readonly number[] }
  );

/** What the engine tells, as far as it is not told once per record; errors by their message. */
export interface ToldByEngine {
  readonly type: 'engine';
  readonly at: number;
  readonly event: Plain<Exclude<EngineEvent, { type: 'record.settled' | 'record.failed' }>>;
}

/** The process has ended; told by whoever started it. */
export interface Exited {
  readonly type: 'exited';
  readonly at: number;
}

/** Everything that is known of a member. `at` is milliseconds of the machine's monotonic clock. */
export type MemberEvent = { readonly member: string; readonly pid: number } & (
  HandlerEvent | HandOverEvent | ToldByEngine | Exited
);

type Plain<T> = T extends unknown ? { [K in keyof T]: T[K] extends Error | undefined ? string : T[K] } : never;

/** An engine event that can cross to another process, or undefined for those of every record. */
export function plainEvent(event: EngineEvent): ToldByEngine['event'] | undefined {
  if (event.type === 'record.settled' || event.type === 'record.failed') return undefined;
  const { error } = event as { error?: Error };
  return { ...event, ...(error === undefined ? {} : { error: error.message }) } as ToldByEngine['event'];
}
