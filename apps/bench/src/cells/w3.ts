import { boundBar, slotsBound } from '../report/bars.js';
import type { Cell } from './cell.js';

const LIMIT = 100;

/** One key has so many records that its lane alone decides how long everything takes. */
export const W3: Cell = {
  title: '20,000 records, 4 partitions, 1,000 keys by Zipf (s = 1.1), 5 ms of I/O, limit 100',
  load: { records: 20_000, keys: 1_000, partitions: 4, valueBytes: 200, distribution: 'zipf', seed: 1 },
  limit: LIMIT,
  delayMs: 5,
  entries: [
    { name: 'engine-key', kind: 'engine', order: 'key' },
    { name: 'worker-key', kind: 'worker', order: 'key' },
  ],
  bars: (runs, shape) =>
    ['engine-key', 'worker-key'].flatMap((entry) =>
      boundBar(runs, entry, 'hottest key × its handler time', 0.97, (run) =>
        Math.max(shape.hottestKey.records * (run.hottestKeyMs ?? run.handlerMs), slotsBound(LIMIT)(run)),
      ),
    ),
};
