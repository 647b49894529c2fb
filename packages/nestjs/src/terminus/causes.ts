import type { FreezeReason, FreezeScope, TopicPartition } from '@kafka-worker/engine';

/** What every cause names. */
interface OfConnection {
  /** Name of the connection; `default` where it has none. */
  readonly connection: string;
}

interface OfGroup extends OfConnection {
  readonly groupId: string;
}

interface OfPartition extends OfGroup, TopicPartition {
  /** `Class#method`. */
  readonly worker: string;
}

/** A client of a group that gave up, as far as it has told. */
interface Crashed extends OfGroup {
  readonly cause: 'crashed';
  readonly error: string;
  /** The client said that it starts again by itself. */
  readonly willRestart: boolean;
  /** Since the client has last told of a crash. Milliseconds. */
  readonly ageMs: number;
}

/** The broker says that these partitions are not this member's, twice in a row and without a rebalance between. */
interface Disowned extends OfGroup {
  readonly cause: 'disowned';
  readonly memberId: string;
  readonly partitions: readonly TopicPartition[];
}

/**
 * Why `isLive` is down: things that a restart of the process mends.
 *
 * crashed          the client gave up for good, or said that it starts again and has not for `restartMs`
 * handler-stalled  a handler has run past its stall budget
 * loop-stalled     the client's loop has not gone round for `loopMs` although it is joined
 * disowned         it believes that it owns partitions, and the broker says otherwise
 */
export type LivenessCause =
  | Crashed
  | Disowned
  | (OfPartition & {
      readonly cause: 'handler-stalled';
      readonly offset: number;
      readonly attempt: number;
      /** Since this attempt began. Milliseconds. */
      readonly ageMs: number;
      /** What it was allowed. Milliseconds. */
      readonly stallMs: number;
    })
  | (OfGroup & {
      readonly cause: 'loop-stalled';
      /** Since the loop has last gone round. Milliseconds. */
      readonly ageMs: number;
      readonly loopMs: number;
    });

/**
 * Why `isReady` is not up.
 *
 * not-started  the workers have not been started yet, or `autoStart` is false and no strategy listens
 * connecting   not a member yet, or no broker has answered for a while
 * rebalancing  a join is under way: degraded, not down
 * crashed      the client gave up, whether or not it starts again
 * disowned     as in `LivenessCause`
 * draining     the shutdown has begun
 * stopped      it has left its groups
 */
export type ReadinessCause =
  | Crashed
  | Disowned
  | (OfConnection & { readonly cause: 'not-started' | 'stopped' })
  | (OfConnection & {
      readonly cause: 'draining';
      /** Handlers that still run. */
      readonly running: number;
    })
  | (OfGroup & { readonly cause: 'connecting' | 'rebalancing' | 'stopped'; readonly error?: string });

/**
 * Why `isStarted` is down.
 *
 * not-started  the workers have not been started yet
 * not-joined   a group has never been joined
 */
export type StartupCause =
  | (OfConnection & { readonly cause: 'not-started' })
  | (OfGroup & { readonly cause: 'not-joined'; readonly state: string; readonly error?: string });

/**
 * Why `isLagging` is down, a partition each.
 *
 * lag  more than `maxLag` records between the frontier and the end of the log
 * age  its oldest unsettled record was taken longer than `maxAgeMs` ago
 */
export type LagCause =
  | (OfPartition & { readonly cause: 'lag'; readonly lag: number; readonly maxLag: number })
  | (OfPartition & { readonly cause: 'age'; readonly ageMs: number; readonly maxAgeMs: number });

/**
 * Why `isFrozen` is down: places where nothing goes on until somebody does something.
 *
 * frozen  a partition or a lane of it stands at a record
 * held    a partition has no position that could be taken; somebody has to seek
 */
export type FrozenCause =
  | (OfPartition & {
      readonly cause: 'frozen';
      readonly scope: FreezeScope;
      readonly reason: FreezeReason;
      readonly offset: number;
      /** Since it froze. Milliseconds. */
      readonly ageMs: number;
      /** When it tries again by itself. Milliseconds since the epoch. */
      readonly unfreezesAt?: number;
    })
  | (OfPartition & { readonly cause: 'held'; readonly reason: string });

/** Every cause that an answer may name. */
export type HealthCause = LivenessCause | ReadinessCause | StartupCause | LagCause | FrozenCause;
