import type { WorkerSpec } from '../scenario/scenario.js';
import type { LogRecord } from './log-model.js';

/** What decides a record's order: records of one lane of a partition are handled one after the other. */
export function laneOf(worker: WorkerSpec, record: LogRecord): string {
  const alone = `#${record.offset}`;
  switch (worker.concurrency) {
    case 'serial':
    case 'partition':
      return 'all';
    case 'unordered':
      return alone;
    case 'key': {
      const { key } = record;
      if (isBroken(worker, record)) return alone;
      if (key === null) return worker.nullKey === 'partition' ? 'null' : alone;
      return worker.orderBy === 'coarse' ? `half ${key >> 1}` : `k${key}`;
    }
  }
}

/** The worker's `orderBy` throws for this record. */
export function isBroken(worker: WorkerSpec, record: LogRecord): boolean {
  return worker.concurrency === 'key' && worker.orderBy === 'broken' && record.key === 0;
}
