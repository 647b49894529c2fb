import {
  type DriverTransaction,
  type DriverTransactionalProducer,
  KafkaWorkerError,
  TransactionError,
} from '@kafka-worker/engine';
import { Turns } from '../client/turns.js';
import { open, type RemoteDriverOptions } from './connect.js';
import type { Peer } from './peer.js';
import type { TransactionalProducerServerCalls } from './protocol.js';

/** What the connection itself says when it is gone; everything else comes from the cluster. */
const CONNECTION = 'CONNECTION';

/** A transactional producer of a served cluster. One whose connection drops is one that died: `open` makes another. */
export class RemoteTransactionalProducer implements DriverTransactionalProducer {
  #peer: Peer<TransactionalProducerServerCalls> | undefined;
  /** Opened once: a connection that is missing since is one that dropped. */
  #opened = false;
  #fenced: TransactionError | undefined;
  readonly #turns = new Turns();
  #close: Promise<void> | undefined;

  constructor(
    private readonly remote: RemoteDriverOptions,
    private readonly transactionalId: string,
  ) {}

  open(): Promise<void> {
    return this.#call(async () => {
      if (this.#fenced) throw this.#fenced;
      this.#opened = true;
      this.#peer ??= await this.#connect();
      await this.#peer.call('open');
    });
  }

  transact(transaction: DriverTransaction): Promise<void> {
    return this.#call(async () => {
      if (this.#fenced) throw this.#fenced;
      if (!this.#opened) throw new KafkaWorkerError('NOT_RUNNING', 'the transactional producer is not opened');
      if (!this.#peer) throw this.#doubt();
      try {
        await this.#peer.call('transact', transaction);
      } catch (error) {
        if (KafkaWorkerError.is(error) && error.code === CONNECTION) throw this.#doubt(error);
        if (error instanceof TransactionError && error.code === 'TRANSACTION_FENCED') this.#fenced = error;
        throw error;
      }
    });
  }

  close(): Promise<void> {
    this.#close ??= this.#turns.over().then(() => this.#leave());
    return this.#close;
  }

  #call(call: () => Promise<void>): Promise<void> {
    if (this.#close) return Promise.reject(new KafkaWorkerError('NOT_RUNNING', 'the transactional producer is closed'));
    return this.#turns.take(call);
  }

  #connect(): Promise<Peer<TransactionalProducerServerCalls>> {
    const { transactionalId } = this;
    const dropped = (): void => (this.#peer = undefined);
    return open(this.remote, 'transactional-producer', dropped, { transactionalId });
  }

  async #leave(): Promise<void> {
    const peer = this.#peer;
    this.#peer = undefined;
    try {
      await peer?.call('close');
    } catch {
      // The connection is gone: closed is closed.
    } finally {
      peer?.end();
    }
  }

  #doubt(cause?: unknown): TransactionError {
    const message = `what the last transaction of "${this.transactionalId}" came to is known after the next open`;
    return new TransactionError('TRANSACTION_IN_DOUBT', message, { cause });
  }
}
