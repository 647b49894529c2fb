import type { EngineEvent } from '@kafka-worker/nestjs';

/** Which attempt at which record, by which worker. */
export interface AttemptOf {
  readonly worker: string;
  readonly groupId: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly key: string | null;
  readonly attempt: number;
}

/** An engine event that can cross to another process: errors by their message. */
export type PlainEngineEvent = Plain<EngineEvent>;

type Plain<T> = T extends unknown ? { [K in keyof T]: T[K] extends Error | undefined ? string : T[K] } : never;

/** What happened. `at` is of `now()`. */
export type MemberEvent = { readonly at: number } & (
  | ({ readonly type: 'start' } & AttemptOf)
  | ({ readonly type: 'end'; readonly outcome: 'done' | 'failed' } & AttemptOf)
  | { readonly type: 'engine'; readonly event: PlainEngineEvent }
  | { readonly type: 'listening'; readonly url: string }
  | { readonly type: 'exited'; readonly code: number | NodeJS.Signals }
);

/** What happened, and in which member of the group. */
export type JournalEvent = MemberEvent & { readonly member: string };

/** Errors as their messages. */
export function plainEvent(event: EngineEvent): PlainEngineEvent {
  const { error } = event as { error?: Error };
  return { ...event, ...(error === undefined ? {} : { error: error.message }) } as PlainEngineEvent;
}
