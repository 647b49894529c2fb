/**
 * starting  members join their group
 * running   orders come in and are handled
 * draining  nothing new starts; what runs finishes and is committed
 */
export type Phase = 'starting' | 'running' | 'draining';

/** What a member does: the word of its client, or how it ended. */
export type MemberState =
  | 'starting'
  | 'connecting'
  | 'joined'
  | 'rebalancing'
  | 'draining'
  | 'crashed'
  | 'stopped'
  | 'left'
  | 'killed'
  | 'failed';

/** A process of the group. */
export interface MemberView {
  readonly number: number;
  readonly pid: number;
  readonly state: MemberState;
  /** Since it ended. Milliseconds. */
  readonly endedAgoMs?: number;
  readonly generation: number;
  readonly partitions: number;
  readonly running: number;
  readonly http?: string;
}

/** A handler at work. */
export interface RunningView {
  readonly key: string;
  readonly attempt: number;
  readonly ageMs: number;
}

/** A partition, whether or not anybody owns it now. */
export interface PartitionView {
  readonly partition: number;
  /** Number of the member. */
  readonly owner?: number;
  readonly lag: number;
  readonly buffered: number;
  readonly lanes: number;
  readonly committed: number;
  readonly frontier: number;
  readonly running: readonly RunningView[];
  /** Records that wait for their next attempt. */
  readonly waiting: number;
  readonly paused: boolean;
  readonly draining: boolean;
  /** What stands still and why, one text for each. */
  readonly frozen: readonly string[];
}

/** A worker over all members. */
export interface WorkerView {
  readonly name: string;
  readonly concurrency: string;
  readonly running: number;
  /** Of all living members. */
  readonly limit: number;
  readonly lag: number;
  /** Records a second. */
  readonly rate: number;
  readonly partitions: readonly PartitionView[];
}

/** Everything a frame shows. */
export interface ViewState {
  readonly phase: Phase;
  readonly cluster: string;
  readonly group: string;
  readonly elapsedMs: number;
  readonly members: readonly MemberView[];
  readonly workers: readonly WorkerView[];
  readonly rate: number;
  /** Records a second in the last half seconds, oldest first. */
  readonly history: readonly number[];
  readonly produced: number;
  readonly finished: number;
  readonly lag: number;
  readonly failedAttempts: number;
  readonly again: number;
  readonly violations: number;
  readonly lost: number;
  /** Orders through all topics, of how many. */
  readonly progress?: { readonly done: number; readonly of: number };
  readonly rebalance?: {
    readonly agoMs: number;
    readonly member: number;
    readonly generation: number;
    readonly durationMs: number;
    readonly assigned: number;
    readonly revoked: number;
    readonly kept: number;
  };
}

/** The terminal. */
export interface Size {
  readonly columns: number;
  readonly rows: number;
}
