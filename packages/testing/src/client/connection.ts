import { KafkaWorkerError } from '@kafka-worker/engine';
import { deferred, type Deferred } from '../clock/deferred.js';
import { CLUSTER } from '../latency.js';
import type { Scheduler } from '../scheduler.js';

/**
 * The way between one client and the cluster. Messages keep their order in each direction, whatever each of them
 * takes. The cluster reads a request only after it has answered the one before, as a broker does: what is sent while a
 * JoinGroup hangs waits behind it. While the client is suspended nothing passes in either direction; once it is cut,
 * whatever is under way never arrives.
 */
export class Connection {
  /** Settles when the cluster has answered the last request that was sent. Never rejects. */
  #handled: Promise<unknown> = Promise.resolve();
  /** Settles when the last answer has arrived. Never rejects. */
  #answered: Promise<unknown> = Promise.resolve();
  /** Set while suspended. */
  #gate: Deferred<void> | undefined;
  #cut = false;

  constructor(
    /** The client's end of a `Hop`. */
    readonly client: string,
    private readonly scheduler: Scheduler,
  ) {}

  get suspended(): boolean {
    return this.#gate !== undefined;
  }

  suspend(): void {
    this.#gate ??= deferred();
  }

  wake(): void {
    this.#gate?.resolve();
    this.#gate = undefined;
  }

  /** For good. Requests under way reject with `CONNECTION`, so that nothing waits for ever in the dead client. */
  cut(): void {
    this.#cut = true;
    this.wake();
  }

  /** `handle` runs at the broker. */
  request<T>(handle: () => T | Promise<T>): Promise<T> {
    const handled = this.#there(handle, this.#handled);
    this.#handled = settled(handled);
    const answered = this.#back(handled, this.#answered);
    this.#answered = settled(answered);
    return answered;
  }

  async #there<T>(handle: () => T | Promise<T>, before: Promise<unknown>): Promise<T> {
    await this.scheduler.hop({ from: this.client, to: CLUSTER });
    await before;
    await this.#pass();
    return handle();
  }

  async #back<T>(handled: Promise<T>, before: Promise<unknown>): Promise<T> {
    await settled(handled);
    await this.scheduler.hop({ from: CLUSTER, to: this.client });
    await before;
    await this.#pass();
    return handled;
  }

  async #pass(): Promise<void> {
    while (this.#gate) await this.#gate.promise;
    if (this.#cut) throw new KafkaWorkerError('CONNECTION', 'the client crashed');
  }
}

function settled(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    () => undefined,
  );
}
