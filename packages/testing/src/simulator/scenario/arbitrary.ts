import fc from 'fast-check';
import type { Action, ClusterSpec, EngineSpec, HandlerSpec, Key, Scenario, WorkerSpec } from './scenario.js';

// Simpler values stand first in each list and range: that is where shrinking goes.

const share = (...values: number[]): fc.Arbitrary<number> => fc.constantFrom(0, ...values);

const cluster: fc.Arbitrary<ClusterSpec> = fc.record({
  partitions: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 2 }),
  incremental: fc.boolean(),
  heartbeatsDuringRevoke: fc.constantFrom(true, true, false),
  latencyMs: fc.constantFrom(0, 0, 3, 40),
  heartbeatIntervalMs: fc.constantFrom(0, 50, 300),
  sessionTimeoutMs: fc.constantFrom(6_000, 30_000),
  rebalanceTimeoutMs: fc.constantFrom(10_000, 60_000),
  fetchMaxRecords: fc.constantFrom(500, 1, 3, 10),
  shuffle: fc.boolean(),
});

const engine: fc.Arbitrary<EngineSpec> = fc.record({
  maxConcurrency: fc.option(fc.integer({ min: 1, max: 6 }), { nil: undefined, freq: 3 }),
  strategy: fc.constantFrom('drain', 'drain', 'drain', 'commit-completed'),
  drainMs: fc.constantFrom(undefined, undefined, 0, 200, 3_000),
  graceMs: fc.constantFrom(25_000, 0, 500, 5_000),
  forceMs: fc.constantFrom(3_000, 0, 100),
});

const DEFAULT_CADENCE = { intervalMs: 1_000, records: 1_000 };

const worker: fc.Arbitrary<Omit<WorkerSpec, 'topic' | 'group'>> = fc
  .record({
    concurrency: fc.constantFrom('serial', 'partition', 'key', 'key', 'key', 'unordered'),
    limit: fc.constantFrom(1, 2, 3, 8),
    partitionLimit: fc.option(fc.integer({ min: 1, max: 2 }), { nil: undefined, freq: 4 }),
    nullKey: fc.constantFrom('unordered', 'partition'),
    orderBy: fc.constantFrom('none', 'none', 'none', 'coarse', 'broken'),
    commit: fc.constantFrom<WorkerSpec['commit']>(
      { intervalMs: 1_000, records: 1_000 },
      { intervalMs: 100, records: 3 },
      { intervalMs: 5_000, records: 5 },
      'each',
      'manual',
      'none',
    ),
    delivery: fc.constantFrom<WorkerSpec['delivery']>(
      'at-least-once',
      'at-least-once',
      'at-least-once',
      'at-most-once',
      'transactional',
      'exactly-once',
    ),
    attempts: fc.integer({ min: 1, max: 4 }),
    backoffMs: fc.constantFrom(0, 10, 500, 20_000),
    onFailure: fc.constantFrom('skip', 'freeze-key', 'freeze-partition', 'dead-letter'),
    unfreezeAfterMs: fc.constantFrom(undefined, undefined, 400, 15_000),
    budget: fc.constantFrom(undefined, { share: 0.5, burst: 2, refillMs: 20_000 }),
    retryTopics: fc.constantFrom<boolean | 'in-order'>(false, false, true, 'in-order'),
    timeoutMs: fc.constantFrom(undefined, undefined, 50, 2_000),
    bufferRecords: fc.constantFrom(1_000, 1, 2, 5, 12),
    bufferBytes: fc.constantFrom(16 * 1024 * 1024, 16 * 1024 * 1024, 500, 2_000),
  })
  .map((spec): Omit<WorkerSpec, 'topic' | 'group'> => {
    let fit =
      spec.delivery === 'at-most-once' ? atMostOnce(spec) : spec.delivery === 'at-least-once' ? spec : counted(spec);
    if (fit.concurrency !== 'key' && fit.retryTopics === 'in-order') fit = { ...fit, retryTopics: true };
    return fit.concurrency === 'serial' ? { ...fit, limit: 1, partitionLimit: undefined } : fit;
  });

/** A freeze would not survive a restart, and commits are not for options to decide. */
function atMostOnce(spec: Omit<WorkerSpec, 'topic' | 'group'>): Omit<WorkerSpec, 'topic' | 'group'> {
  const freezes = spec.onFailure === 'freeze-key' || spec.onFailure === 'freeze-partition';
  return { ...spec, commit: DEFAULT_CADENCE, ...(freezes ? { onFailure: 'skip' } : {}) };
}

/** What is committed is part of transactions. */
function counted(spec: Omit<WorkerSpec, 'topic' | 'group'>): Omit<WorkerSpec, 'topic' | 'group'> {
  const byHand = spec.commit === 'manual' || spec.commit === 'none';
  return byHand ? { ...spec, commit: DEFAULT_CADENCE } : spec;
}

const handlers: fc.Arbitrary<HandlerSpec> = fc.record({
  maxMs: fc.constantFrom(1, 30, 500, 3_000, 8_000, 40_000),
  sync: share(0, 0, 0.1, 0.4, 1),
  micro: share(0, 0.2, 0.2, 1),
  fails: share(0.05, 0.3),
  poison: share(0, 0.05, 0.3),
  steers: share(0.3, 1),
  deaf: share(0.2, 1),
  hangs: share(0.1),
  commits: share(0.1, 0.5),
});

// few keys, for long lanes; many, for lanes that come and go
const key: fc.Arbitrary<Key> = fc.option(fc.oneof(fc.integer({ min: 0, max: 4 }), fc.integer({ min: 0, max: 300 })), {
  nil: null,
  freq: 6,
});
const topic = fc.integer({ min: 0, max: 1 });
const partition = fc.integer({ min: 0, max: 3 });
const group = fc.integer({ min: 0, max: 1 });
const process = fc.integer({ min: 0, max: 3 });
const nth = fc.integer({ min: 0, max: 7 });

const wait = fc.record({
  type: fc.constant('wait' as const),
  ms: fc.constantFrom(1, 0, 5, 30, 200, 1_000, 7_000, 40_000),
});

const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 24, arbitrary: wait },
  {
    weight: 30,
    arbitrary: fc.record({
      type: fc.constant('produce' as const),
      topic,
      partition,
      keys: fc.array(key, { minLength: 1, maxLength: 16 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('gap' as const),
      topic,
      partition,
      count: fc.integer({ min: 1, max: 3 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('retention' as const),
      topic,
      partition,
      keep: fc.integer({ min: 0, max: 8 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('compact' as const), topic, partition }) },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('transaction' as const),
      topic,
      partition,
      keys: fc.array(key, { minLength: 1, maxLength: 6 }),
      ms: fc.constantFrom(0, 10, 3_000),
      end: fc.constantFrom('commit' as const, 'abort' as const),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('move-coordinator' as const),
      group,
      ms: fc.constantFrom(1, 300, 5_000),
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('pass-generation' as const), group }) },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('drop-connection' as const),
      process,
      lost: fc.constantFrom('requests' as const, 'answers' as const),
      ms: fc.constantFrom(0, 500, 10_000),
    }),
  },
  { weight: 9, arbitrary: fc.record({ type: fc.constant('join' as const) }) },
  { weight: 7, arbitrary: fc.record({ type: fc.constant('leave' as const), process }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('kill' as const), process }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constantFrom('cut-off' as const), process }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constantFrom('back' as const), process }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('expire' as const), process }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('redeliver' as const), on: fc.boolean() }) },
  {
    weight: 5,
    arbitrary: fc.record({
      type: fc.constant('commit-fault' as const),
      fault: fc.constantFrom('refused', 'answer-lost', 'slow-request', 'slow-answer', 'too-large', 'stale'),
      times: fc.integer({ min: 1, max: 3 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant('produce-fault' as const),
      fault: fc.constantFrom('refused' as const, 'answer-lost' as const, 'slow' as const),
      times: fc.integer({ min: 1, max: 6 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant('transaction-fault' as const),
      fault: fc.constantFrom('refused' as const, 'answer-lost' as const, 'request-lost' as const, 'slow' as const),
      times: fc.integer({ min: 1, max: 3 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('store-fault' as const),
      fault: fc.constantFrom('refused' as const, 'answer-lost' as const),
      times: fc.integer({ min: 1, max: 4 }),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constantFrom('pause' as const, 'resume' as const),
      process,
      scope: fc.constantFrom('worker' as const, 'partition' as const),
      nth,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ type: fc.constant('seek' as const), process, nth, share: fc.constantFrom(0, 0.5, 1) }),
  },
  { weight: 8, arbitrary: fc.record({ type: fc.constant('skip' as const), process, nth }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('unfreeze' as const), process, nth, skip: fc.boolean() }) },
);

/** How workers share groups and topics: group and topic of each. */
const CASTS: readonly (readonly Pick<WorkerSpec, 'group' | 'topic'>[])[] = [
  [{ group: 0, topic: 0 }],
  [{ group: 0, topic: 0 }],
  [
    { group: 0, topic: 0 },
    { group: 0, topic: 1 },
  ],
  [
    { group: 0, topic: 0 },
    { group: 1, topic: 0 },
  ],
];

/** Every scenario there is. */
export const scenarios: fc.Arbitrary<Scenario> = fc
  .record({
    seed: fc.noShrink(fc.integer({ min: 0, max: 2 ** 31 - 1 })),
    cluster,
    engine,
    cast: fc.constantFrom(...CASTS),
    workers: fc.tuple(worker, worker),
    handlers,
    actions: fc.array(action, { minLength: 2, maxLength: 50, size: 'max' }),
  })
  .map(({ cast, workers, ...rest }): Scenario => ({
    ...rest,
    cluster: {
      ...rest.cluster,
      partitions: rest.cluster.partitions.length === 1 ? [...rest.cluster.partitions, 1] : rest.cluster.partitions,
    },
    workers: cast.map((place, i) => ({ ...(workers[i] as (typeof workers)[0]), ...place })),
  }));
