import 'reflect-metadata';
import type { Type } from '@nestjs/common';
import { MetadataScanner, type ModulesContainer } from '@nestjs/core';
import { getKafkaWorkerTransport, HANDLER_EXTRA, KAFKA_WORKER_TRANSPORT, WORKER_METADATA } from '../constants.js';
import type { WorkerMetadata } from '../decorators/kafka-worker.decorator.js';
import { bindRethrowFilter } from '../enhancers/bind-rethrow-filter.js';
import type { Handler, HostWrapper, ModuleNode } from './handler.interface.js';
import { addExtras, readPattern, setTransport } from './pattern.js';

/** Finds the handlers of an application: methods of controllers and providers with `@KafkaWorker` or a pattern. @internal */
export class HandlerExplorer {
  readonly #scanner = new MetadataScanner();

  constructor(private readonly modules: ModulesContainer) {}

  /**
   * Prepares the handlers of controllers for a strategy: their extras name the method, which is how `addHandler` knows
   * whose they are; the rethrow filter is bound; `@KafkaWorker`'s transport is set again where a bare `@EventPattern`
   * above it took it away. Nest reads all that when a microservice is connected, so this must run before: in the
   * constructor of an eager provider, where the modules have been scanned and no handler has been built.
   */
  prepareControllers(): void {
    for (const module of this.modules.values()) {
      for (const wrapper of module.controllers.values()) {
        if (typeof wrapper.metatype !== 'function') continue;
        const prototype = wrapper.metatype.prototype as object;
        for (const { method, worker } of this.#methods(prototype)) prepare(wrapper.metatype, method, worker);
      }
    }
  }

  /** Every handler there is. Needs instances: providers made by a factory show their methods no earlier. */
  explore(): Handler[] {
    const handlers: Handler[] = [];
    const seen = new Set<unknown>();
    for (const [moduleKey, module] of this.modules) {
      const visit = (wrapper: HostWrapper, kind: Handler['kind']): void => {
        const instance: unknown = wrapper.instance;
        // Aliases (`useExisting`) share the instance of what they stand for.
        if (wrapper.isAlias || typeof instance !== 'object' || instance === null || seen.has(instance)) return;
        seen.add(instance);
        this.#collect(handlers, { wrapper, kind, moduleKey, module }, Object.getPrototypeOf(instance) as object | null);
      };
      for (const wrapper of module.controllers.values()) visit(wrapper as HostWrapper, 'controller');
      for (const wrapper of module.providers.values()) visit(wrapper, 'provider');
    }
    return handlers;
  }

  #collect(
    into: Handler[],
    host: { wrapper: HostWrapper; kind: Handler['kind']; moduleKey: string; module: ModuleNode },
    prototype: object | null,
  ): void {
    if (prototype === null || prototype === Object.prototype) return;
    const type = prototype.constructor as Type<unknown>;
    for (const { methodName, method, worker } of this.#methods(prototype)) {
      // Nest looks for patterns on controllers only, and so do we: on a provider it takes @KafkaWorker.
      if (host.kind === 'provider') {
        if (!worker) continue;
        prepare(type, method, worker);
      }
      const id = uniqueId(`${type.name}#${methodName}`, into);
      into.push({ ...host, id, type, methodName, method, worker, isEvent: readPattern(method)?.isEvent ?? true });
    }
  }

  #methods(prototype: object): { methodName: string; method: object; worker: WorkerMetadata | undefined }[] {
    return this.#scanner.getAllMethodNames(prototype).flatMap((methodName) => {
      const method = (prototype as Record<string, unknown>)[methodName];
      if (typeof method !== 'function') return [];
      const worker = Reflect.getMetadata(WORKER_METADATA, method) as WorkerMetadata | undefined;
      return worker || readPattern(method) ? [{ methodName, method, worker }] : [];
    });
  }
}

function prepare(type: object, method: object, worker: WorkerMetadata | undefined): void {
  if (worker) setTransport(method, getKafkaWorkerTransport(worker.options.name));
  else if (!isOurs(readPattern(method)?.transport)) return;
  addExtras(method, { [HANDLER_EXTRA]: method });
  bindRethrowFilter(type, method);
}

/** Whether a pattern handler without `@KafkaWorker` can reach a strategy of ours. */
function isOurs(transport: unknown): boolean {
  return (
    transport === undefined ||
    transport === KAFKA_WORKER_TRANSPORT ||
    (typeof transport === 'symbol' && transport.description?.startsWith('kafka-worker.transport:') === true)
  );
}

function uniqueId(id: string, taken: readonly Handler[]): string {
  const has = (candidate: string): boolean => taken.some((handler) => handler.id === candidate);
  if (!has(id)) return id;
  let count = 2;
  while (has(`${id}~${count}`)) count++;
  return `${id}~${count}`;
}
