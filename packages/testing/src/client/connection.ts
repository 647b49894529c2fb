import { KafkaWorkerError } from '@kafka-worker/engine';
import { deferred, type Deferred } from '../clock/deferred.js';
import type { Scheduler } from '../scheduler.js';

/**
 * The way between one client and the cluster: every request takes a hop there and a hop back. While the client is
 * suspended nothing passes in either direction; once it is cut, whatever is under way never arrives.
 */
export class Connection {
  /** Set while suspended. */
  #gate: Deferred<void> | undefined;
  #cut = false;

  constructor(private readonly scheduler: Scheduler) {}

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
  async request<T>(handle: () => T | Promise<T>): Promise<T> {
    await this.passage();
    const answer = await handle();
    await this.passage();
    return answer;
  }

  /** One hop, when the gate is open. */
  async passage(): Promise<void> {
    await this.scheduler.hop();
    while (this.#gate) await this.#gate.promise;
    if (this.#cut) throw new KafkaWorkerError('CONNECTION', 'the client crashed');
  }
}
