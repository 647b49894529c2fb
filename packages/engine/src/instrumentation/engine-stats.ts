import type { Disposition } from '../delivery/delivery.js';
import type { TopicPartition } from '../driver/record.js';

/** What has become of the records of one topic since the start of the process, by worker. Counts only grow. */
export interface TopicStats {
  readonly worker: string;
  readonly groupId: string;
  readonly topic: string;
  /** Records by what became of them; `frozen` counts every freeze. */
  readonly dispositions: Readonly<Record<Disposition, number>>;
  /** Attempts that were followed by another one of the same record. */
  readonly retries: number;
  /** Records that came again although an earlier assignment had settled them, and were not handled again. */
  readonly redeliveredDone: number;
}

/** One owned partition at this moment. */
export interface PartitionStats extends TopicPartition {
  readonly worker: string;
  readonly groupId: string;
  /** Handlers at work. */
  readonly running: number;
  /** Taken, not settled, and in memory. */
  readonly buffered: number;
  readonly bufferedBytes: number;
  readonly lanes: number;
  /** Records from the frontier to the end of the log, as far as it is known. */
  readonly lag: number;
  /** How long ago the oldest unsettled record was taken; 0: there is none. Milliseconds. */
  readonly oldestUnsettledMs: number;
  /** Records at which a lane or the partition stands still; a partition frozen by an operator counts as one. */
  readonly frozen: number;
  readonly paused: boolean;
  /** Characters of the done-set in the last commit; each takes one byte. */
  readonly mapChars: number;
}

/** Figures of an engine: cheap enough to be asked for with every scrape. */
export interface EngineStats {
  readonly topics: readonly TopicStats[];
  readonly partitions: readonly PartitionStats[];
}
