import type { ClientOfCluster } from '@kafka-worker/testing';
import type { DriverTransaction, DriverTransactionalProducer, KafkaDriver, WorkerOptions } from '../../src/index.js';
import { transactional } from '../../src/index.js';
import { World } from './world.js';

/** A transactional producer that an engine has made, with what was asked of it. */
export interface WatchedProducer {
  readonly id: string;
  readonly client: DriverTransactionalProducer;
  readonly transactions: DriverTransaction[];
  closed: boolean;
}

/** A world with a topic `out`, in which every transactional producer is known. */
export class TransactionWorld extends World {
  readonly producers: WatchedProducer[] = [];
  readonly options: WorkerOptions = { delivery: transactional(), concurrency: 'unordered' };

  constructor(options: ConstructorParameters<typeof World>[0] = {}) {
    super(options);
    this.cluster.createTopic('out');
  }

  /** Values of `out` as readers of the committed see them. */
  get outputs(): string[] {
    return this.cluster.records('out').map(({ value }) => String(value));
  }

  /** Transactions that were sent. */
  get sent(): DriverTransaction[] {
    return this.producers.flatMap(({ transactions }) => transactions);
  }

  /** Called where a transaction has failed, before its engine hears of it. */
  failed: (client: DriverTransactionalProducer) => void = () => undefined;
  /** What holds `open` up, or makes it fail. */
  opening: () => Promise<void> | void = () => undefined;
  readonly #processes: (() => void)[] = [];

  /** One process after the other: with `kill`, nothing of it counts from then on. */
  readonly driver = (driver: KafkaDriver): KafkaDriver => {
    const clients: ClientOfCluster[] = [];
    this.#processes.push(() => {
      // some have ended by themselves
      for (const client of clients) if (this.#isRunning(client)) this.cluster.crash(client);
    });
    return {
      ...driver,
      createConsumer: (options) => {
        const consumer = driver.createConsumer(options);
        clients.push(consumer);
        return consumer;
      },
      createTransactionalProducer: (id) => {
        const client = driver.createTransactionalProducer?.(id) as DriverTransactionalProducer;
        clients.push(client);
        const watched: WatchedProducer = { id, client, transactions: [], closed: false };
        this.producers.push(watched);
        return {
          open: async () => {
            await this.opening();
            return client.open();
          },
          transact: (transaction) => {
            watched.transactions.push(transaction);
            return client.transact(transaction).catch((error: unknown) => {
              this.failed(client);
              throw error;
            });
          },
          close: () => {
            watched.closed = true;
            return client.close();
          },
        };
      },
    };
  };

  /** The oldest process that lives dies, as by `kill -9`. */
  kill(): void {
    this.#processes.shift()?.();
  }

  #isRunning(client: ClientOfCluster): boolean {
    try {
      this.cluster.wake(client);
      return true;
    } catch {
      return false;
    }
  }
}
