import { fixed, freeze, skip, type WorkerOptions } from '@kafka-worker/engine';
import { numberOf } from '../model/names.js';
import type { WorkerSpec } from '../scenario/scenario.js';

/** The engine's options that a worker of a scenario stands for. */
export function optionsOf(worker: WorkerSpec): WorkerOptions {
  const { orderBy } = worker;
  const [type, scope] = worker.onFailure.split('-') as ['freeze' | 'skip', 'key' | 'partition' | undefined];
  return {
    concurrency: worker.concurrency,
    ...(worker.concurrency === 'serial' ? {} : { limit: worker.limit }),
    ...(worker.partitionLimit === undefined ? {} : { partitionLimit: worker.partitionLimit }),
    ...(worker.concurrency === 'key' ? { nullKey: worker.nullKey } : {}),
    ...(worker.concurrency === 'key' && orderBy !== 'none'
      ? {
          orderBy: ({ key }) => {
            const text = key?.toString() ?? null;
            if (orderBy === 'broken' && text === 'k0') throw new Error('no order');
            return text === null || orderBy === 'broken' ? text : `half ${numberOf(text) >> 1}`;
          },
        }
      : {}),
    commit: worker.commit,
    retry: { attempts: worker.attempts, backoff: fixed(worker.backoffMs) },
    onFailure: type === 'skip' ? skip() : freeze(scope),
    ...(worker.timeoutMs === undefined ? {} : { timeoutMs: worker.timeoutMs }),
    buffer: { records: worker.bufferRecords, bytes: worker.bufferBytes },
  };
}
