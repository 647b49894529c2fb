import type { Clock } from '../clock.js';
import type { KafkaDriver } from '../driver/driver.js';
import { partitionKey, type TopicPartition } from '../driver/record.js';
import { ensureError, KafkaWorkerError } from '../errors/kafka-worker.error.js';
import type { Worker } from '../worker.js';
import { within } from './drain.js';
import type { PartitionResources } from './partition-assignment.js';

/** A store or a broker that has not answered by then is waited for without holding the group up. Milliseconds. */
const PATIENCE_MS = 5_000;

/** What a partition was given, or why it could not be. */
export type Prepared =
  { readonly ok: true; readonly resources: PartitionResources } | { readonly ok: false; readonly error: Error };

/** Gets what a partition is committed with where that is more than its offset, and gives it back. */
export class Resources {
  /** Closings under way. */
  readonly #closing = new Set<Promise<unknown>>();

  constructor(
    readonly driver: Pick<KafkaDriver, 'createTransactionalProducer'>,
    readonly clock: Clock,
  ) {}

  /** True where a partition of this worker needs anything. */
  needs(worker: Worker): boolean {
    return typeof worker.options.delivery === 'object';
  }

  /**
   * Takes the partition over: whoever had it before is fenced when this resolves, and what it had committed is final,
   * so that positions are to be read afterwards. Never rejects.
   */
  async prepare(worker: Worker, { topic, partition }: TopicPartition): Promise<Prepared> {
    const { delivery } = worker.options;
    if (typeof delivery === 'string') return { ok: true, resources: {} };
    const { groupId } = worker;
    let resources: PartitionResources | undefined;
    let error: Error | undefined;
    let late = false;
    const work = async (): Promise<void> => {
      if (delivery.type === 'exactly-once') {
        resources = { claim: await delivery.store.claim({ groupId, topic, partition }) };
        return;
      }
      const producer = this.driver.createTransactionalProducer?.(
        `${delivery.idPrefix}.${groupId}.${topic}.${partition}`,
      );
      if (producer === undefined) throw new KafkaWorkerError('CONFIGURATION', 'the driver has no transactions');
      try {
        await producer.open();
        resources = { producer };
      } catch (thrown) {
        this.release({ producer });
        throw thrown;
      }
      if (late) this.release(resources);
    };
    const done = work().catch((thrown: unknown) => {
      error = ensureError(thrown);
    });
    if (!(await within(done, this.clock, PATIENCE_MS))) {
      late = true;
      error = new KafkaWorkerError('STORE_FAILED', `no answer within ${PATIENCE_MS} ms`, { canRetry: true });
    }
    if (resources !== undefined && !late) return { ok: true, resources };
    return { ok: false, error: error ?? new Error(`${partitionKey(topic, partition)} could not be taken over`) };
  }

  release({ producer }: PartitionResources): void {
    if (producer === undefined) return;
    const closing = producer.close().finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
  }

  /** Resolves when everything that was given back is closed. */
  async closed(): Promise<void> {
    await Promise.all(this.#closing);
  }
}
