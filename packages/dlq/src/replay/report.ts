/** How many records; of the partitions that this run was given. */
export interface ReplayTotals {
  /** Looked at. Those below the group's committed offset are not. */
  readonly read: number;
  /** Matching the filter. */
  readonly matched: number;
  /** Matching, but sent by an earlier replay. */
  readonly alreadyReplayed: number;
  /** Sent, and acknowledged by the broker; in a dry run: what would be sent. */
  readonly sent: number;
  /** Matching, but without headers that say where they came from. */
  readonly foreign: number;
  /** Matching, but their topic does not exist. */
  readonly topicMissing: number;
  /** Matching, but the broker refused them for good. */
  readonly refused: number;
}

/**
 * complete  read to the end of everything that it held
 * limit     as many as were asked for
 * stopped   by the signal
 * failed    something broke; the problems say what
 */
export type ReplayOutcome = 'complete' | 'limit' | 'stopped' | 'failed';

/** Where a partition of the dead-letter topic stands. */
export interface PartitionReport {
  readonly partition: number;
  /** End of the log when the run began. */
  readonly end: number;
  /** Next offset that would have been looked at. */
  readonly position: number;
  /** Lowest offset that no replay has sent. */
  readonly frontier: number;
  /** From here to the end no record came: markers of transactions, compaction, or a transaction that is still open. */
  readonly silentFrom: number | undefined;
}

/** A record of the dead-letter topic. */
export interface LetterPosition {
  readonly partition: number;
  readonly offset: number;
}

/**
 * Why something that matches was not sent, or may be sent twice. Nothing of it is lost: it stays in the dead-letter
 * topic, and a later run finds it.
 */
export type ReplayProblem = { readonly message: string } & (
  | { readonly type: 'topic-missing'; readonly topic: string; readonly records: number }
  /** The first error of each topic. */
  | {
      readonly type: 'refused';
      readonly topic: string;
      readonly records: number;
      readonly first: LetterPosition;
      readonly error: Error;
    }
  /** What was replayed does not fit into the metadata of a commit. `gap`: what to replay first. */
  | {
      readonly type: 'done-set-full';
      readonly partition: number;
      readonly gap: { readonly from: number; readonly to: number };
    }
  | { readonly type: 'done-set-unreadable'; readonly partition: number; readonly reason: string }
  /** Whether the broker has them is not known: a later run sends them again. */
  | { readonly type: 'send-failed'; readonly records: readonly LetterPosition[]; readonly error: Error }
  /** The broker has them, but that could not be noted: a later run sends them again. */
  | { readonly type: 'not-noted'; readonly records: readonly LetterPosition[]; readonly error: Error | undefined }
  /** Another replay had them: what it passed over was not looked at by this one. */
  | { readonly type: 'elsewhere'; readonly partitions: readonly number[] }
  /** The client ended while the run was under way. */
  | { readonly type: 'client-failed'; readonly error: Error }
);

/** What a replay did; a dry run: would do. */
export interface ReplayReport {
  readonly topic: string;
  /** Whose committed offsets and metadata say what has been replayed. */
  readonly groupId: string;
  readonly dryRun: boolean;
  readonly outcome: ReplayOutcome;
  readonly totals: ReplayTotals;
  /** How many went to each partition; `partition` undefined: chosen by key. */
  readonly targets: readonly ReplayTarget[];
  readonly partitions: readonly PartitionReport[];
  /** Empty: everything that matches and has an origin was sent. */
  readonly problems: readonly ReplayProblem[];
}

/** Records that went to one place. */
export interface ReplayTarget {
  readonly topic: string;
  /** Undefined: chosen by key, since the topic has fewer partitions than it had, or nothing says which. */
  readonly partition: number | undefined;
  readonly records: number;
}
