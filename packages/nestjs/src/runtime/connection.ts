import {
  combineInstrumentations,
  ConfigurationError,
  WorkerEngine,
  type ConfigurationMistake,
  type EngineEvent,
  type EngineState,
  type KafkaDriver,
  type WorkerInstrumentation,
} from '@kafka-worker/engine';
import { Logger } from '@nestjs/common';
import { checkModuleOptions } from '../config/check-module-options.js';
import { DEFAULT_CONNECTION } from '../constants.js';
import type { KafkaWorkerModuleOptions } from '../interfaces/module-options.interface.js';
import type { RecordHandler } from '../handlers/handler.interface.js';
import { diagnostics } from '../instrumentation/diagnostics.js';
import { KafkaWorkerProducer } from '../producer/kafka-worker.producer.js';
import { KafkaWorkerServer, type ServerOwner } from '../server/kafka-worker.server.js';
import { EventRelay } from './event-relay.js';
import { KafkaWorkerRuntime, type KafkaWorkerInfo, type RuntimeOwner } from './kafka-worker.runtime.js';
import { logEvent } from './log-events.js';
import { planWorkers, type PlannedWorker } from './worker-plan.js';
import type { KafkaWorkerHost } from './kafka-worker.host.js';
import { toDefinition } from './worker-definition.js';

const STATUS = {
  connecting: 'disconnected',
  joined: 'connected',
  rebalancing: 'rebalancing',
  crashed: 'crashed',
  stopped: 'stopped',
} as const;

/**
 * One connection with its driver, engine, strategy, runtime and producer.
 *
 * It starts when both have happened: bootstrap, and a reason to run. The reason is a strategy that listens or, where no
 * strategy has been connected by bootstrap, `autoStart`. In the documented hybrid order `listen()` comes before the init
 * hooks; in `createMicroservice` after them; with `deferInitialization` the hooks come several times. So every step
 * may come in any order and more than once.
 * @internal
 */
export class KafkaWorkerConnection implements RuntimeOwner, ServerOwner {
  readonly runtime = new KafkaWorkerRuntime(this);
  readonly server: KafkaWorkerServer;
  /** What looks on; never undefined, since somebody may subscribe to the diagnostics channels at any time. */
  readonly instrumentation: WorkerInstrumentation;
  readonly given: readonly WorkerInstrumentation[];
  readonly producer: KafkaWorkerProducer;
  readonly #relay = new EventRelay();
  readonly events$ = this.#relay.events$;
  readonly logger: Logger;
  readonly maxConcurrency: number | undefined;
  engine: WorkerEngine | undefined;
  workers: readonly KafkaWorkerInfo[] = [];
  driverName = 'not connected';
  /** A strategy of ours was given to a microservice. */
  attached = false;
  #listening = false;
  #bootstrapped = false;
  #driver: Promise<KafkaDriver> | undefined;
  #started: Promise<void> | undefined;
  #drained: Promise<void> | undefined;
  #isDrained = false;

  constructor(
    readonly name: string,
    readonly options: KafkaWorkerModuleOptions,
    private readonly host: KafkaWorkerHost,
  ) {
    const { instrumentation } = (options as KafkaWorkerModuleOptions | undefined) ?? {};
    this.given = Array.isArray(instrumentation) ? (instrumentation as readonly WorkerInstrumentation[]) : [];
    this.instrumentation = combineInstrumentations([diagnostics, ...this.given]) ?? diagnostics;
    this.producer = new KafkaWorkerProducer(() => this.driver(), this.instrumentation);
    this.maxConcurrency = (options as KafkaWorkerModuleOptions | undefined)?.maxConcurrency;
    this.logger = new Logger(name === DEFAULT_CONNECTION ? 'KafkaWorker' : `KafkaWorker:${name}`);
    this.server = new KafkaWorkerServer(this);
  }

  get state(): EngineState {
    if (this.engine) return this.engine.state;
    if (this.#isDrained) return 'STOPPED';
    return this.#drained ? 'DRAINING' : 'INITIALIZED';
  }

  /** It was asked to run. Where there are no workers nothing does, and `state` stays what it was. */
  get isStarted(): boolean {
    return this.#started !== undefined;
  }

  /** Everything that is wrong and can be known without the cluster. */
  check(): ConfigurationMistake[] {
    const mistakes = checkModuleOptions(this.options, this.name, this.host.ground.needsBrokers);
    // Defaults that are wrong are named once, for the module, and not again for each worker.
    const usable = mistakes.length === 0;
    return [...mistakes, ...this.#plan(usable).mistakes];
  }

  /** Whether the application's global filters apply to what Nest handed to the strategy. */
  get inheritsGlobals(): boolean {
    return this.server.inheritsGlobals || this.host.isMicroservice;
  }

  globalLooks(): number {
    return this.host.probe.looks;
  }

  shortHandler(method: object): RecordHandler | undefined {
    const handler = this.host.controllerOf(method);
    return handler && this.host.handlers.createShort(handler);
  }

  handlerAdded(): void {
    if (this.#started && this.engine) {
      this.logger.warn(
        'a strategy was connected after bootstrap; the module runs the workers already ' +
          '(see autoStart), and patterns without @KafkaWorker are not consumed',
      );
    }
    this.attached = true;
  }

  async listening(): Promise<void> {
    this.attached = true;
    this.#listening = true;
    if (this.#bootstrapped) await this.start();
  }

  async bootstrapped(): Promise<void> {
    this.#bootstrapped = true;
    if (this.#listening) return this.start();
    if (this.attached) return; // listen() is still to come
    if (this.options.autoStart ?? true) return this.start();
    const count = this.#plan(true).workers.length;
    if (count > 0) this.logger.warn(`${count} workers wait for a strategy: autoStart is false and none is connected`);
  }

  start(): Promise<void> {
    return (this.#started ??= this.#start());
  }

  /** One promise for the hooks, the strategy's close() and the runtime's drain(). Never rejects. */
  drain(): Promise<void> {
    return (this.#drained ??= this.#drain());
  }

  /** Ends the engine and starts another, as a new deployment would: patterns see topics that are new. For tests. */
  async restart(): Promise<void> {
    await this.#started;
    await this.engine?.drain();
    await (this.#started = this.#start());
  }

  driver(): Promise<KafkaDriver> {
    return (this.#driver ??= this.host.ground.driver(this).then(
      (driver) => {
        this.driverName = driver.name;
        return driver;
      },
      (error: unknown) => {
        this.#driver = undefined;
        throw error;
      },
    ));
  }

  async #start(): Promise<void> {
    const mistakes = this.check();
    if (mistakes.length > 0) throw new ConfigurationError(mistakes);
    const { workers } = this.#plan(true);
    if (workers.length === 0) return this.logger.debug('no workers, no group to join');
    const driver = await this.driver();
    const definitions = workers.map((worker) => toDefinition(worker, this, this.host.handlers));
    const grounded = await this.host.ground.workers(this, definitions);
    if (this.#drained) return; // shut down meanwhile
    this.workers = workers.map(toInfo);
    if (grounded.length === 0) return;
    const engine = this.#makeEngine(driver);
    for (const definition of grounded) engine.add(definition);
    engine.on((event) => this.#hear(event), { done: false });
    this.#relay.attach(engine);
    this.engine = engine;
    await engine.start();
    await this.host.ground.started(this);
  }

  #makeEngine(driver: KafkaDriver): WorkerEngine {
    const { consumer, subscribe, rebalance, shutdown, maxConcurrency } = this.options;
    const { ownershipCheckMs = this.host.ground.ownershipCheckMs } = this.options;
    return new WorkerEngine({
      driver,
      clock: this.host.ground.clock,
      instrumentation: [this.instrumentation],
      ...(ownershipCheckMs !== false && { ownershipCheckMs }),
      ...(maxConcurrency !== undefined && { maxConcurrency }),
      ...(rebalance && { rebalance }),
      ...(shutdown && { shutdown }),
      ...(consumer?.sessionTimeout !== undefined && { sessionTimeoutMs: consumer.sessionTimeout }),
      ...(consumer?.rebalanceTimeout !== undefined && { rebalanceTimeoutMs: consumer.rebalanceTimeout }),
      startFrom: subscribe?.startFrom ?? ((subscribe?.fromBeginning ?? true) ? 'beginning' : 'latest'),
      ...(subscribe?.maxRewind !== undefined && { maxRewind: subscribe.maxRewind }),
      allowAutoTopicCreation: subscribe?.allowAutoTopicCreation ?? false,
    });
  }

  #plan(withDefaults: boolean): ReturnType<typeof planWorkers> {
    const options = this.options as KafkaWorkerModuleOptions | undefined;
    return planWorkers({
      connection: this.name,
      handlers: this.host.explored(),
      registrations: this.server.registrations,
      defaults: withDefaults ? (options?.worker ?? {}) : {},
      groupId: options?.consumer?.groupId,
      postfixId: typeof options?.postfixId === 'string' ? options.postfixId : '',
    });
  }

  #hear(event: EngineEvent): void {
    if (event.type === 'group.state') this.server.setStatus(STATUS[event.state]);
    logEvent(this.logger, event);
  }

  async #drain(): Promise<void> {
    try {
      // A start that is under way must not begin to fetch behind our back; one that hangs on a broker is not waited for.
      await this.engine?.drain();
    } catch (error) {
      this.logger.error('the drain failed', error instanceof Error ? error.stack : String(error));
    }
    this.#isDrained = true;
    this.#relay.complete();
  }
}

function toInfo(worker: PlannedWorker): KafkaWorkerInfo {
  const { id, groupId, topics, registrations } = worker;
  return { id, groupId, topics, via: registrations.length > 0 ? 'strategy' : 'discovery' };
}
