import {
  deadLetter,
  type DeliveryGuarantee,
  exactlyOnce,
  type FinalPolicy,
  fixed,
  freeze,
  retryTopics,
  type RetryTopicsOptions,
  skip,
  transactional,
  type TransactionalStore,
  type WorkerOptions,
} from '@kafka-worker/engine';
import { numberOf } from '../model/names.js';
import { DEAD_LETTERS, RETRY_DELAYS_MS, type WorkerSpec } from '../scenario/scenario.js';

/** The engine's options that a worker of a scenario stands for. */
export function optionsOf(worker: WorkerSpec, store: TransactionalStore): WorkerOptions {
  const { orderBy } = worker;
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
    delivery: guaranteeOf(worker, store),
    ...(worker.delivery === 'at-most-once' ? {} : { commit: worker.commit }),
    retry: { attempts: worker.attempts, backoff: fixed(worker.backoffMs) },
    onFailure: worker.retryTopics ? retryTopics(RETRY_DELAYS_MS, policyOf(worker), delaysOf(worker)) : policyOf(worker),
    ...(worker.timeoutMs === undefined ? {} : { timeoutMs: worker.timeoutMs }),
    buffer: { records: worker.bufferRecords, bytes: worker.bufferBytes },
  };
}

function guaranteeOf({ delivery = 'at-least-once' }: WorkerSpec, store: TransactionalStore): DeliveryGuarantee {
  switch (delivery) {
    case 'at-least-once':
    case 'at-most-once':
      return delivery;
    case 'transactional':
      return transactional();
    case 'exactly-once':
      return exactlyOnce(store);
  }
}

function delaysOf({ retryTopics }: WorkerSpec): RetryTopicsOptions {
  return retryTopics === 'in-order' ? { orderedBy: 'key' } : { create: true };
}

function policyOf({ onFailure, unfreezeAfterMs, budget }: WorkerSpec): FinalPolicy {
  const timer = unfreezeAfterMs === undefined ? {} : { unfreezeAfterMs };
  switch (onFailure) {
    case 'skip':
      return skip();
    case 'freeze-key':
      return freeze('key', timer);
    case 'freeze-partition':
      return freeze('partition', timer);
    case 'dead-letter':
      return deadLetter({
        topic: DEAD_LETTERS,
        budget: budget ?? false,
        whenSpent: freeze('partition', timer),
      });
  }
}
