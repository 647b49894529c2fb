import type { PartitionView, ViewState } from '../../src/view/view-state.js';

export function partition(number: number, more: Partial<PartitionView> = {}): PartitionView {
  return {
    partition: number,
    owner: 1,
    lag: 3,
    buffered: 3,
    lanes: 2,
    committed: 120,
    frontier: 123,
    running: [{ key: 'c-07', attempt: 1, ageMs: 34.4 }],
    waiting: 0,
    paused: false,
    draining: false,
    frozen: [],
    ...more,
  };
}

export function sampleState(more: Partial<ViewState> = {}): ViewState {
  const worker = { concurrency: 'key', running: 6, limit: 12, lag: 1_234, rate: 99.6 };
  return {
    phase: 'running',
    cluster: 'in-memory cluster',
    group: 'order-shop',
    elapsedMs: 83_000,
    members: [
      {
        number: 1,
        pid: 4711,
        state: 'joined',
        generation: 3,
        partitions: 13,
        running: 9,
        http: 'http://127.0.0.1:3000',
      },
      { number: 2, pid: 4712, state: 'killed', endedAgoMs: 4_000, generation: 2, partitions: 0, running: 0 },
    ],
    workers: [
      { ...worker, name: 'orders', partitions: [0, 1, 2, 3, 4, 5].map((n) => partition(n, { lag: n })) },
      {
        ...worker,
        name: 'payments',
        concurrency: 'partition',
        running: 4,
        limit: 4,
        partitions: [0, 1, 2, 3].map((n) => partition(n)),
      },
      {
        ...worker,
        name: 'notifications',
        concurrency: 'unordered',
        running: 0,
        partitions: [0, 1, 2].map((n) => partition(n)),
      },
    ],
    rate: 301.4,
    history: [0, 100, 200, 400],
    produced: 15_000,
    finished: 14_990,
    lag: 10,
    failedAttempts: 31,
    again: 0,
    violations: 0,
    lost: 0,
    progress: { done: 310, of: 500 },
    rebalance: { agoMs: 12_000, member: 1, generation: 3, durationMs: 214, assigned: 2, revoked: 0, kept: 4 },
    ...more,
  };
}
