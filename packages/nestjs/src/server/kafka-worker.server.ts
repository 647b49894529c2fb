import {
  BaseRpcContext,
  Server,
  type CustomTransportStrategy,
  type MessageHandler,
  type Transport,
} from '@nestjs/microservices';
import { getKafkaWorkerTransport, HANDLER_EXTRA } from '../constants.js';
import type { RecordHandler } from '../handlers/handler.interface.js';
import type { KafkaWorkerRuntime } from '../runtime/kafka-worker.runtime.js';

/** What `status` of the server emits: the same words as Nest's `KafkaStatus`. */
export type KafkaWorkerStatus = 'connected' | 'disconnected' | 'rebalancing' | 'stopped' | 'crashed';

/** A handler as Nest hands it to a strategy. @internal */
export interface Registration {
  readonly pattern: unknown;
  /** Nest's own, or what does the same with less. */
  readonly callback: RecordHandler;
  readonly isEvent: boolean;
  /** The method it was made of; undefined where another library called `addHandler`. */
  readonly method: object | undefined;
}

/** What the server tells its connection, and asks of it. @internal */
export interface ServerOwner {
  readonly name: string;
  readonly runtime: KafkaWorkerRuntime;
  /** Resolves at once before bootstrap: fetching starts there. */
  listening(): Promise<void>;
  handlerAdded(): void;
  /** See `GlobalsProbe`. */
  globalLooks(): number;
  /** See `RpcHandlerFactory.createShort`. */
  shortHandler(method: object): RecordHandler | undefined;
  drain(): Promise<void>;
}

/**
 * The strategy: `app.connectMicroservice({ strategy: app.get(KafkaWorkerServer) })`, or
 * `NestFactory.createMicroservice(AppModule, { inject: [KafkaWorkerServer], useFactory: (strategy) => ({ strategy }) })`.
 * A provider of the module, so that it shares the runtime with everything else. Records are fetched only after
 * bootstrap, though `listen()` may come before it.
 */
export class KafkaWorkerServer extends Server<never, KafkaWorkerStatus> implements CustomTransportStrategy {
  declare transportId: symbol;
  /** The engine gets every failure; Nest must not report it a second time (nestjs/nest#17633). */
  override readonly propagatesEventHandlerErrors = true;
  /** @internal */
  readonly registrations: Registration[] = [];
  /** Nest built a handler of this server with the application's global filters. @internal */
  inheritsGlobals = false;
  readonly #owner: ServerOwner;
  #looks = 0;
  #hasHooks = false;

  /** @internal */
  constructor(owner: ServerOwner) {
    super();
    this.#owner = owner;
    let id = getKafkaWorkerTransport(owner.name);
    // Nest asks for it right before it builds a handler: what addHandler compares its count with.
    Object.defineProperty(this, 'transportId', {
      get: () => {
        this.#looks = owner.globalLooks();
        return id;
      },
      set: (given: symbol) => void (id = given),
      enumerable: true,
      configurable: true,
    });
  }

  /**
   * Takes a handler. Each has its own group, lanes and failures, so two on one topic are never chained as Nest's base
   * class does (nestjs/nest#13421).
   */
  override addHandler(
    pattern: unknown,
    callback: MessageHandler,
    isEventHandler = false,
    extras: Record<PropertyKey, unknown> = {},
  ): void {
    callback.isEventHandler = isEventHandler;
    callback.extras = extras;
    const inherits = this.#owner.globalLooks() > this.#looks;
    if (inherits) this.inheritsGlobals = true;
    const method = extras[HANDLER_EXTRA] as object | undefined;
    const short = inherits && method ? this.#owner.shortHandler(method) : undefined;
    this.registrations.push({ pattern, callback: short ?? callback, isEvent: isEventHandler, method });
    // For who asks getHandlers(). RegExps keep their identity, as with ServerKafka.
    const route = (pattern instanceof RegExp ? pattern : this.normalizePattern(pattern as string)) as string;
    if (!this.messageHandlers.has(route)) this.messageHandlers.set(route, callback);
    this.#owner.handlerAdded();
  }

  /** Calls back at once before bootstrap, or startup would wait for itself; after it, when the members are started. */
  listen(callback: (error?: unknown) => void): void {
    this.#owner.listening().then(() => callback(), callback);
  }

  /** The drain that the module began, or begins it. Never rejects: a strategy that does keeps Nest from its hooks. */
  close(): Promise<void> {
    return this.#owner.drain();
  }

  /** Not supported: `runtime.events$` tells everything. */
  on(): never {
    throw new Error('KafkaWorkerServer has no events of its own; subscribe to events$ of the KafkaWorkerRuntime');
  }

  /** The connection's `KafkaWorkerRuntime`. */
  unwrap<T = KafkaWorkerRuntime>(): T {
    return this.#owner.runtime as T;
  }

  override setOnProcessingStartHook(
    hook: (transportId: Transport | symbol, context: unknown, done: () => Promise<unknown>) => void,
  ): void {
    this.#hasHooks = true;
    super.setOnProcessingStartHook(hook);
  }

  override setOnProcessingEndHook(hook: (transportId: Transport | symbol, context: unknown) => void): void {
    this.#hasHooks = true;
    super.setOnProcessingEndHook(hook);
  }

  /** @internal */
  setStatus(status: KafkaWorkerStatus): void {
    this._status$.next(status);
  }

  /** True where an SDK wants to be called around every record. @internal */
  get hasProcessingHooks(): boolean {
    return this.#hasHooks;
  }

  /**
   * Runs one attempt between the processing hooks. The start hook gets a `done` to call in its own scope and may forget
   * its promise, so the attempt's is kept here. Done by hand because Nest 11 has no `runWithProcessingHooks`.
   * @internal
   */
  runBetweenHooks(context: BaseRpcContext, attempt: () => Promise<unknown>): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const done = async (): Promise<void> => {
        try {
          resolve(await attempt());
        } catch (error) {
          reject(error);
        } finally {
          this.onProcessingEndHook?.(this.transportId, context);
        }
      };
      Promise.resolve(this.onProcessingStartHook(this.transportId, context, done) as unknown).catch(reject);
    });
  }
}
