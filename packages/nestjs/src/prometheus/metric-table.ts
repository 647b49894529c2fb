import type { EngineStats } from '@kafka-worker/engine';

/** What every name begins with. */
export const PREFIX = 'kafka_worker_';

/** Labels of what is known of a worker's topic. */
const TOPIC = ['worker', 'topic', 'group'] as const;
/** Labels of what is known of a partition: as many series as this process owns partitions. */
const PARTITION = [...TOPIC, 'partition'] as const;
const GROUP = ['group'] as const;

type PartitionFigures = EngineStats['partitions'][number];
type TopicFigures = EngineStats['topics'][number];

/** Upper bounds of handler and queue times. Seconds: a millisecond is the engine's own resolution. */
export const DURATION_BUCKETS: readonly number[] = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300,
];

/** Counts of records, asked for with every scrape: counting them costs a record nothing that it does not cost anyhow. */
export const TOPIC_COUNTERS = {
  retries_total: {
    help: 'Attempts that were followed by another one of the same record',
    labels: TOPIC,
    of: ({ retries }: TopicFigures) => retries,
  },
  redelivered_done_total: {
    help: 'Records that came again although they were settled, and were not handled again',
    labels: TOPIC,
    of: ({ redeliveredDone }: TopicFigures) => redeliveredDone,
  },
} as const;

/** The one count that has a label of its own. */
export const RECORDS_TOTAL = {
  name: 'records_total',
  help: 'Records by what became of them; frozen counts every freeze',
  labels: [...TOPIC, 'disposition'],
} as const;

/** What a worker holds of a topic now: the sum over its partitions. */
export const TOPIC_GAUGES = {
  in_flight: { help: 'Handlers at work', labels: TOPIC, of: ({ running }: PartitionFigures) => running },
  buffered_records: {
    help: 'Records taken, not settled and in memory',
    labels: TOPIC,
    of: ({ buffered }: PartitionFigures) => buffered,
  },
  buffered_bytes: {
    help: 'Bytes of the records taken, not settled and in memory',
    labels: TOPIC,
    of: ({ bufferedBytes }: PartitionFigures) => bufferedBytes,
  },
  lanes: { help: 'Lanes with at least one record', labels: TOPIC, of: ({ lanes }: PartitionFigures) => lanes },
} as const;

/** What is known of each partition. `merge`: of several, where there is no label for the partition. */
export const PARTITION_GAUGES = {
  lag_records: {
    help: 'Records from the frontier to the end of the log',
    labels: PARTITION,
    of: ({ lag }: PartitionFigures) => lag,
    merge: sum,
  },
  oldest_unsettled_seconds: {
    help: 'How long ago the oldest unsettled record was taken; 0 where there is none',
    labels: PARTITION,
    of: ({ oldestUnsettledMs }: PartitionFigures) => oldestUnsettledMs / 1000,
    merge: Math.max,
  },
  frozen: {
    help: 'Records at which a key or the partition stands still',
    labels: PARTITION,
    of: ({ frozen }: PartitionFigures) => frozen,
    merge: sum,
  },
  paused: {
    help: '1 while an operator has paused it',
    labels: PARTITION,
    of: ({ paused }: PartitionFigures) => Number(paused),
    merge: sum,
  },
  offset_map_bytes: {
    help: 'Size of the done-set in the last commit; the broker takes 4096 by default',
    labels: PARTITION,
    of: ({ mapChars }: PartitionFigures) => mapChars,
    merge: Math.max,
  },
} as const;

/** Times of every attempt: observed on the way of each record. */
export const RECORD_HISTOGRAMS = {
  handler_duration_seconds: { help: 'Time from the start of an attempt until it was over', labels: TOPIC },
  queue_wait_seconds: { help: 'Time from when a record was taken until its first attempt', labels: TOPIC },
} as const;

/** What happens to a group, counted when it happens. */
export const GROUP_COUNTERS = {
  commits_total: { help: 'Commits by outcome', labels: [...GROUP, 'outcome'] },
  rebalances_total: { help: 'Assignments received', labels: GROUP },
} as const;

/** Times of what happens to a group. Buckets in seconds. */
export const GROUP_HISTOGRAMS = {
  commit_duration_seconds: {
    help: 'Time until the broker had acknowledged a commit',
    labels: GROUP,
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
  },
  rebalance_duration_seconds: {
    help: 'Time from the first notice of a rebalance until the new assignment was ready',
    labels: GROUP,
    buckets: [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300],
  },
  drain_duration_seconds: {
    help: 'Time that running handlers and the last commit took before partitions were given back, by outcome',
    labels: [...GROUP, 'outcome'],
    buckets: [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300],
  },
} as const;

function sum(...values: number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
