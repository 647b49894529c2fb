import { KafkaWorkerError } from '@kafka-worker/engine';
import { deferred, type Deferred } from '../clock/deferred.js';
import { CLUSTER } from '../latency.js';
import type { Scheduler } from '../scheduler.js';

/** What becomes of requests that are on their way when a connection drops. Both fail for the client at once. */
export type DroppedOnTheWay = 'requests' | 'answers';

/** One connection from its start to its drop. */
class Line {
  /** Settles when the cluster has answered the last request that was sent. Never rejects. */
  handled: Promise<unknown> = Promise.resolve();
  /** Settles when the last answer has arrived. Never rejects. */
  answered: Promise<unknown> = Promise.resolve();
  /** Answers the client waits for. */
  readonly underWay = new Set<Deferred<never>>();
  /** No answer arrives any more. */
  broken = false;
  /** No request arrives any more either. */
  lost = false;
}

/**
 * The way between one client and the cluster. Messages keep their order in each direction, whatever each of them
 * takes. The cluster reads a request only after it has answered the one before, as a broker does: what is sent while a
 * JoinGroup hangs waits behind it. While the client is suspended nothing passes in either direction; while the
 * connection is down requests wait for the next one; once it is cut, whatever is under way never arrives.
 */
export class Connection {
  #line = new Line();
  /** Set while suspended. */
  #gate: Deferred<void> | undefined;
  /** Set while down. */
  #down: Deferred<void> | undefined;
  #cut = false;

  constructor(
    /** The client's end of a `Hop`. */
    readonly client: string,
    private readonly scheduler: Scheduler,
  ) {}

  /** Nothing arrives at the client now. */
  get silent(): boolean {
    return this.#gate !== undefined || this.#down !== undefined;
  }

  /** Cut for good. */
  get dead(): boolean {
    return this.#cut;
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
    this.#break('requests');
    this.wake();
    this.reconnect();
  }

  /** Requests under way reject with `CONNECTION`; new ones wait for {@link reconnect}. */
  drop(lost: DroppedOnTheWay): void {
    this.#down ??= deferred();
    this.#break(lost);
  }

  reconnect(): void {
    this.#down?.resolve();
    this.#down = undefined;
  }

  /** `handle` runs at the broker. Rejects as it does, or with `CONNECTION`. */
  async request<T>(handle: () => T | Promise<T>): Promise<T> {
    while (this.#down) await this.#down.promise;
    const line = this.#line;
    const fails = deferred<never>();
    line.underWay.add(fails);
    const handled = this.#there(line, handle, line.handled);
    line.handled = settled(handled);
    const answered = this.#back(line, handled, line.answered);
    line.answered = settled(answered);
    try {
      return await Promise.race([answered, fails.promise]);
    } finally {
      line.underWay.delete(fails);
    }
  }

  #break(lost: DroppedOnTheWay): void {
    const line = this.#line;
    this.#line = new Line();
    line.broken = true;
    line.lost = lost === 'requests';
    for (const fails of line.underWay) fails.reject(this.#gone());
  }

  async #there<T>(line: Line, handle: () => T | Promise<T>, before: Promise<unknown>): Promise<T> {
    await this.scheduler.hop({ from: this.client, to: CLUSTER });
    await before;
    await this.#pass();
    if (line.lost || this.#cut) throw this.#gone();
    return handle();
  }

  async #back<T>(line: Line, handled: Promise<T>, before: Promise<unknown>): Promise<T> {
    await settled(handled);
    if (line.broken) throw this.#gone();
    await this.scheduler.hop({ from: CLUSTER, to: this.client });
    await before;
    await this.#pass();
    return handled;
  }

  async #pass(): Promise<void> {
    while (this.#gate) await this.#gate.promise;
  }

  #gone(): KafkaWorkerError {
    const message = this.#cut ? 'the client crashed' : 'the connection dropped';
    return new KafkaWorkerError('CONNECTION', message, { canRetry: !this.#cut });
  }
}

function settled(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    () => undefined,
  );
}
