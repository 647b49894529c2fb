import { type Deferred, deferred } from '../clock/deferred.js';

/**
 * What a client makes of the answer to a heartbeat.
 *
 * rebalance  joins again
 * passed     the group went on without the member, which it still knows: what it held may be in other hands
 * fenced     the group does not know the member any more
 */
export type MemberNotice = 'rebalance' | 'passed' | 'fenced';

/** What a member has been told by its heartbeats and not dealt with yet. `stop` comes from the engine. */
export type ClientNotice = MemberNotice | 'stop';

const WEIGHT: Readonly<Record<ClientNotice, number>> = { rebalance: 1, passed: 2, fenced: 3, stop: 4 };

/** Holds the weightiest notice until it is taken: a fenced member has no rebalance to care for. */
export class Notices {
  #pending: ClientNotice | undefined;
  #waiting: Deferred<void> | undefined;

  post(notice: ClientNotice): void {
    if (!this.#pending || WEIGHT[notice] > WEIGHT[this.#pending]) this.#pending = notice;
    this.#waiting?.resolve();
    this.#waiting = undefined;
  }

  /** Forgets a `rebalance` that the join under way answers. */
  answered(): void {
    if (this.#pending === 'rebalance') this.#pending = undefined;
  }

  /** Forgets the loss that has been dealt with. */
  settled(): void {
    if (this.#pending !== 'stop') this.#pending = undefined;
  }

  /** True where going on with the join makes no sense. */
  get interrupted(): boolean {
    return this.#pending !== undefined && this.#pending !== 'rebalance';
  }

  get pending(): ClientNotice | undefined {
    return this.#pending;
  }

  /** Settles when there is a notice at all. */
  async any(): Promise<void> {
    while (!this.#pending) await this.#change();
  }

  /** Settles when {@link interrupted}. */
  async interruption(): Promise<void> {
    while (!this.interrupted) await this.#change();
  }

  #change(): Promise<void> {
    this.#waiting ??= deferred();
    return this.#waiting.promise;
  }
}
