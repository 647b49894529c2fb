import type { ModuleRef } from '@nestjs/core';
import type { MessageHandler } from '@nestjs/microservices';
import { MicroservicesModule } from '@nestjs/microservices/microservices-module.js';
import { isRethrown } from '../enhancers/bind-rethrow-filter.js';
import { GlobalsProbe } from '../enhancers/globals-probe.js';
import type { Handler, RecordHandler } from './handler.interface.js';
import { shortPipeline, type PipelineParts } from './short-pipeline.js';

/** The part of Nest's container that is needed. */
interface Container {
  readonly applicationConfig: GlobalFilters;
}

interface GlobalFilters {
  getGlobalFilters(): readonly object[];
  addGlobalFilter(filter: object): void;
}

/** The part of Nest's `ListenersController` that is needed. */
interface Listeners {
  readonly contextCreator: PipelineParts & {
    create(instance: object, method: unknown, moduleKey: string, methodName: string): MessageHandler;
  };
  createRequestScopedHandler(
    wrapper: unknown,
    pattern: unknown,
    module: unknown,
    moduleKey: string,
    methodName: string,
  ): MessageHandler;
}

/**
 * Builds callable handlers for methods that Nest hands to no strategy: providers, and controllers where no strategy is
 * connected. It asks Nest's own RPC pipeline, the one behind `addHandler`, instead of `ExternalContextCreator`: that
 * one drops class-bound enhancers of controllers (it looks for modules by provider), ends in an `EmptyError` where an
 * Observable is empty, runs no pre-request hooks (nestjs-pino), knows no request scope and treats what filters return
 * differently. The price is one deep import and two private fields, the same in 11 and 12, held by tests.
 * @internal
 */
export class RpcHandlerFactory {
  readonly #container: Container;
  #listeners: Listeners | undefined;

  constructor(moduleRef: ModuleRef) {
    this.#container = (moduleRef as unknown as { container: Container }).container;
  }

  /** The application's global filters, those of `APP_FILTER` included. */
  globalFilters(): readonly object[] {
    return this.#container.applicationConfig.getGlobalFilters();
  }

  addGlobalFilter(filter: object): void {
    this.#container.applicationConfig.addGlobalFilter(filter);
  }

  /** Enhancers are read now: call it when the application has been set up. */
  create(handler: Handler, pattern: unknown): RecordHandler {
    return this.createShort(handler) ?? this.createFull(handler, pattern);
  }

  /**
   * What does the same with fewer promises, where there is such a thing: see `shortPipeline`. It has the application's
   * enhancers, so it may stand in for a strategy's handler only where that has them too.
   */
  createShort({ wrapper, moduleKey, type, method, methodName }: Handler): RecordHandler | undefined {
    if (!wrapper.isDependencyTreeStatic()) return undefined;
    const { contextCreator } = (this.#listeners ??= this.#makeListeners());
    const instance = wrapper.instance as Record<string, unknown>;
    const isAlone = isRethrown(type, method);
    const hasFilters = (): boolean => !isAlone || this.globalFilters().some((one) => !(one instanceof GlobalsProbe));
    return shortPipeline(contextCreator, { instance, methodName, moduleKey, hasFilters });
  }

  /** Nest's own. */
  createFull({ wrapper, kind, module, moduleKey, methodName }: Handler, pattern: unknown): MessageHandler {
    const listeners = (this.#listeners ??= this.#makeListeners());
    if (wrapper.isDependencyTreeStatic()) {
      const instance = wrapper.instance as Record<string, unknown>;
      return listeners.contextCreator.create(instance, instance[methodName], moduleKey, methodName);
    }
    // Nest looks the host up among the controllers.
    const host: unknown =
      kind === 'controller' ? module : Object.create(module, { controllers: { value: module.providers } });
    return listeners.createRequestScopedHandler(wrapper, pattern, host, moduleKey, methodName);
  }

  #makeListeners(): Listeners {
    const microservices = new MicroservicesModule();
    // The graph inspector is only told of entry points a server registers.
    microservices.register(
      this.#container as never,
      undefined as never,
      this.#container.applicationConfig as never,
      {} as never,
    );
    return (microservices as unknown as { listenersController: Listeners }).listenersController;
  }
}
