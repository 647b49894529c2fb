import { ConfigurationError, type ConfigurationMistake } from '@kafka-worker/engine';
import {
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
  type OnModuleInit,
} from '@nestjs/common';
import { HttpAdapterHost, ModuleRef, ModulesContainer } from '@nestjs/core';
import { DEFAULT_CONNECTION } from '../constants.js';
import { checkHandler } from '../config/check-handler.js';
import { GlobalsProbe } from '../enhancers/globals-probe.js';
import type { Handler } from '../handlers/handler.interface.js';
import { HandlerExplorer } from '../handlers/handler-explorer.js';
import { readPattern } from '../handlers/pattern.js';
import { RpcHandlerFactory } from '../handlers/rpc-handler.factory.js';
import type { KafkaWorkerModuleOptions } from '../interfaces/module-options.interface.js';
import { KafkaWorkerConnection } from './connection.js';
import { KafkaWorkerGround } from './ground.js';

/**
 * The one place that knows all connections of an application and turns its lifecycle into theirs. Its module comes last
 * when Nest initialises and first when it shuts down (see `KafkaWorkerCoreModule`).
 * @internal
 */
@Injectable()
export class KafkaWorkerHost implements OnModuleInit, OnApplicationBootstrap, OnModuleDestroy {
  readonly handlers: RpcHandlerFactory;
  readonly probe = new GlobalsProbe();
  readonly #connections = new Map<string, KafkaWorkerConnection>();
  readonly #explorer: HandlerExplorer;
  readonly #mistakes: ConfigurationMistake[] = [];
  readonly #unsubscribe: () => void;
  #hasMicroservice = false;
  #byMethod: Map<object, Handler | undefined> | undefined;

  constructor(
    modules: ModulesContainer,
    moduleRef: ModuleRef,
    private readonly http: HttpAdapterHost,
    readonly ground: KafkaWorkerGround,
  ) {
    this.handlers = new RpcHandlerFactory(moduleRef);
    this.handlers.addGlobalFilter(this.probe);
    this.#explorer = new HandlerExplorer(modules);
    this.#explorer.prepareControllers();
    // Told of every strategy when it is given to a microservice, with deferInitialization long before its handlers come.
    const subscription = modules.getRpcTargetRegistry<unknown>().subscribe((target) => {
      this.#hasMicroservice = true;
      for (const connection of this.#connections.values()) if (connection.server === target) connection.attached = true;
    });
    this.#unsubscribe = () => subscription.unsubscribe();
  }

  /** Called by each connection's provider. */
  connect(name: string, options: KafkaWorkerModuleOptions): KafkaWorkerConnection {
    if (this.#connections.has(name)) {
      this.#mistakes.push({
        where: 'KafkaWorkerModule',
        option: 'name',
        message: `there are two ${name === DEFAULT_CONNECTION ? 'connections without a name' : `connections "${name}"`}; give each its own`,
      });
    }
    const connection = new KafkaWorkerConnection(name, options, this);
    this.#connections.set(name, connection);
    return connection;
  }

  get connections(): readonly KafkaWorkerConnection[] {
    return [...this.#connections.values()];
  }

  /** Without an HTTP server the application is the microservice, and there is one set of global filters. */
  get isMicroservice(): boolean {
    return !this.http.httpAdapter;
  }

  explored(): readonly Handler[] {
    return this.#explorer.explore();
  }

  /**
   * The one controller with this method; undefined where there is none or there are several. Asked while Nest hands
   * handlers over, so it looks once: a controller that comes later (lazily loaded modules) Nest hands to nobody.
   */
  controllerOf(method: object): Handler | undefined {
    if (!this.#byMethod) {
      this.#byMethod = new Map();
      for (const handler of this.explored()) {
        if (handler.kind !== 'controller') continue;
        this.#byMethod.set(handler.method, this.#byMethod.has(handler.method) ? undefined : handler);
      }
    }
    return this.#byMethod.get(method);
  }

  /** Several times with `deferInitialization`; looking again is harmless. */
  onModuleInit(): void {
    const mistakes = [...this.#mistakes, ...this.#unknownConnections()];
    for (const connection of this.#connections.values()) mistakes.push(...connection.check());
    for (const handler of this.explored()) mistakes.push(...checkHandler(handler));
    if (mistakes.length > 0) throw new ConfigurationError(mistakes);
  }

  async onApplicationBootstrap(): Promise<void> {
    this.#warnOfIdlePatterns();
    try {
      await Promise.all([...this.#connections.values()].map((connection) => connection.bootstrapped()));
    } catch (error) {
      // The boot fails: what has been started already must not keep the process alive.
      await this.drain();
      throw error;
    }
  }

  /** Patterns without `@KafkaWorker` wait for a microservice, ours or another; without any nobody calls them. */
  #warnOfIdlePatterns(): void {
    if (this.#hasMicroservice) return;
    const idle = this.explored().filter(
      ({ worker, method }) => !worker && readPattern(method)?.transport === undefined,
    );
    if (idle.length === 0) return;
    const ids = idle.map(({ id }) => id).join(', ');
    new Logger('KafkaWorker').warn(
      `no microservice is connected, so nothing calls ${ids}: connect the KafkaWorkerServer or put @KafkaWorker() beside the pattern`,
    );
  }

  async onModuleDestroy(): Promise<void> {
    this.#unsubscribe();
    await this.drain();
  }

  async drain(): Promise<void> {
    await Promise.all([...this.#connections.values()].map((connection) => connection.drain()));
  }

  #unknownConnections(): ConfigurationMistake[] {
    const known = [...this.#connections.keys()];
    return this.explored().flatMap(({ id, worker }) => {
      const name = worker?.options.name;
      if (name === undefined ? !worker || this.#connections.has(DEFAULT_CONNECTION) : this.#connections.has(name))
        return [];
      const message =
        name === undefined
          ? `is missing; there is no connection without a name, only ${known.map((n) => `'${n}'`).join(', ')}`
          : `there is no connection '${String(name)}'; there ${known.length === 1 ? 'is' : 'are'} ${known.map((n) => `'${n}'`).join(', ')}`;
      return [{ where: id, option: 'name', message }];
    });
  }
}
