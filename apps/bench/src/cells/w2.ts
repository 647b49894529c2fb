import { boundBar, slotsBound } from '../report/bars.js';
import type { Cell, Order } from './cell.js';

const ORDERS: readonly Order[] = ['unordered', 'key', 'partition'];
const LIMIT = 100;
const LEAST = 0.97;

/** How well the limit is used when handlers wait for something. */
export const W2: Cell = {
  title: '20,000 records, 4 partitions, 1,000 keys, 5 ms of I/O, limit 100',
  load: { records: 20_000, keys: 1_000, partitions: 4, valueBytes: 200, distribution: 'uniform', seed: 1 },
  limit: LIMIT,
  delayMs: 5,
  entries: [
    ...ORDERS.map((order) => ({ name: `engine-${order}`, kind: 'engine' as const, order })),
    ...ORDERS.map((order) => ({ name: `worker-${order}`, kind: 'worker' as const, order })),
  ],
  bars: (runs, shape) =>
    ['engine', 'worker'].flatMap((kind) => [
      ...boundBar(runs, `${kind}-unordered`, 'limit ÷ handler time', LEAST, slotsBound(LIMIT)),
      ...boundBar(runs, `${kind}-key`, 'limit ÷ handler time', LEAST, slotsBound(LIMIT)),
      ...boundBar(runs, `${kind}-partition`, 'longest partition × handler time', LEAST, ({ handlerMs }) => {
        return Math.max(...shape.perPartition) * handlerMs;
      }),
    ]),
};
