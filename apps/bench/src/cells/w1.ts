import { ratioBar } from '../report/bars.js';
import type { Cell } from './cell.js';

/** The cost of the machinery alone: handlers that do nothing. */
export const W1: Cell = {
  title: '200,000 records of 200 B, 4 partitions, 10,000 keys, no-op handler, limit 16',
  load: { records: 200_000, keys: 10_000, partitions: 4, valueBytes: 200, distribution: 'uniform', seed: 1 },
  limit: 16,
  delayMs: 0,
  entries: [
    { name: 'raw-batch', kind: 'raw-batch', order: 'partition' },
    { name: 'raw-message', kind: 'raw-message', order: 'partition' },
    { name: 'nest-kafka', kind: 'nest-kafka', order: 'partition' },
    { name: 'engine-key', kind: 'engine', order: 'key' },
    { name: 'worker-key', kind: 'worker', order: 'key' },
    { name: 'watched-key', kind: 'watched-worker', order: 'key' },
  ],
  bars: (runs) => [
    ...ratioBar(runs, 'worker-key', 'nest-kafka', 4, 'times'),
    ...ratioBar(runs, 'watched-key', 'nest-kafka', 2.5, 'times'),
    ...ratioBar(runs, 'worker-key', 'raw-batch', 0.5, 'percent'),
    ...ratioBar(runs, 'engine-key', 'raw-batch', 0.8, 'percent'),
  ],
};
