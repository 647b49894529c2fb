import type { Clock } from '../clock.js';
import type { KafkaDriver } from '../driver/driver.js';
import { partitionKey, type TopicPartition } from '../driver/record.js';
import { ensureError, KafkaWorkerError } from '../errors/kafka-worker.error.js';
import type { Worker } from '../worker.js';
import { within } from './waiting.js';
import type { PartitionResources } from './partition-assignment.js';

/** A store or a broker that has not answered by then is waited for without holding the group up. Milliseconds. */
const PATIENCE_MS = 5_000;

/** What a partition was given, or why it could not be. */
export type Prepared =
  { readonly ok: true; readonly resources: PartitionResources } | { readonly ok: false; readonly error: Error };

/** A client that has not closed by then is left behind. Milliseconds. */
const CLOSE_MS = 2_000;

/** Gets what a partition is committed with where that is more than its offset, and gives it back. */
export class Resources {
  /** Closings under way. */
  readonly #closing = new Set<Promise<unknown>>();
  /** Resolves when nothing is waited for any more. */
  readonly #over: Promise<void>;
  #end!: () => void;

  constructor(
    readonly driver: Pick<KafkaDriver, 'createTransactionalProducer'>,
    readonly clock: Clock,
  ) {
    this.#over = new Promise((resolve) => (this.#end = resolve));
  }

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
    const error = await this.#patiently(work());
    late = error !== undefined;
    if (resources !== undefined && !late) return { ok: true, resources };
    return { ok: false, error: error ?? new Error(`${partitionKey(topic, partition)} could not be taken over`) };
  }

  /**
   * Has a store that knows nothing of the partition yet know where it begins. By what is settled alone it could not tell
   * that nothing below is open, and whoever comes after a crash would begin at the beginning. Never rejects.
   */
  async anchor(
    prepared: Prepared,
    { offset, held }: { readonly offset: number; readonly held?: string },
  ): Promise<Prepared> {
    const claim = prepared.ok ? prepared.resources.claim : undefined;
    if (claim === undefined || claim.position !== undefined || held !== undefined) return prepared;
    const error = await this.#patiently(claim.advance(offset));
    return error === undefined ? prepared : { ok: false, error };
  }

  /** @returns what it failed with, or that it took too long: what comes later is nobody's any more. */
  async #patiently(work: Promise<void>): Promise<Error | undefined> {
    const silent = `no answer within ${PATIENCE_MS} ms`;
    let outcome: Error | undefined = new KafkaWorkerError('STORE_FAILED', silent, { canRetry: true });
    const done = work.then(
      () => (outcome = undefined),
      (thrown: unknown) => (outcome = ensureError(thrown)),
    );
    await within(Promise.race([done, this.#over]), this.clock, PATIENCE_MS);
    return outcome;
  }

  release({ producer }: PartitionResources): void {
    if (producer === undefined) return;
    const closing = producer.close().finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
  }

  /** Ends what is being waited for. Resolves when everything that was given back is closed, or cannot be. */
  async closed(): Promise<void> {
    this.#end();
    await within(Promise.all(this.#closing), this.clock, CLOSE_MS);
  }
}
