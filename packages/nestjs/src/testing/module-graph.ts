import 'reflect-metadata';
import type { DynamicModule, ForwardReference, ModuleMetadata, Provider, Type } from '@nestjs/common';
import { DEFAULT_CONNECTION, WORKER_METADATA } from '../constants.js';
import type { WorkerMetadata } from '../decorators/kafka-worker.decorator.js';
import { KafkaWorkerModule } from '../module/kafka-worker.module.js';

type Import = NonNullable<ModuleMetadata['imports']>[number];

/** Under these Nest's decorators leave what a class injects. The same in 11 and 12. */
const INJECTED = ['self:paramtypes', 'self:properties_metadata'] as const;
const TOKEN = /^KAFKA_(?:WORKER|WORKER_SERVER|PRODUCER)\((.+)\)$/;

/**
 * Names of the connections that modules under test need and do not bring: none where a `KafkaWorkerModule` is among
 * them, since what is missing beside it would be missing in production too.
 */
export async function missingConnections(root: ModuleMetadata): Promise<string[]> {
  const graph = new ModuleGraph();
  await graph.visit(root);
  return graph.hasKafka ? [] : [...graph.names];
}

class ModuleGraph {
  hasKafka = false;
  readonly names = new Set([DEFAULT_CONNECTION]);
  readonly #seen = new Set<unknown>();

  async visit({ imports = [], controllers = [], providers = [] }: ModuleMetadata): Promise<void> {
    for (const type of controllers) this.#host(type);
    for (const provider of providers) this.#provider(provider);
    for (const imported of imports) await this.#import(imported);
  }

  async #import(given: Import): Promise<void> {
    const imported = isForward(given) ? (given.forwardRef() as Type | DynamicModule) : await settle(given);
    // What is no module is Nest's to complain about.
    if (imported === undefined || this.#seen.has(imported)) return;
    this.#seen.add(imported);
    if (typeof imported === 'function') return this.#type(imported as Type);
    await this.visit(imported as DynamicModule);
    await this.#import((imported as DynamicModule).module);
  }

  async #type(type: Type): Promise<void> {
    if (type === KafkaWorkerModule) this.hasKafka = true;
    const read = <K extends keyof ModuleMetadata>(name: K): ModuleMetadata[K] =>
      Reflect.getMetadata(name, type) as ModuleMetadata[K];
    await this.visit({
      imports: read('imports') ?? [],
      controllers: read('controllers') ?? [],
      providers: read('providers') ?? [],
    });
  }

  #provider(provider: Provider): void {
    if (typeof provider === 'function') return this.#host(provider);
    if ('useClass' in provider) return this.#host(provider.useClass);
    if ('inject' in provider) for (const token of provider.inject ?? []) this.#token(token);
  }

  #host(type: Type): void {
    if (typeof type !== 'function') return;
    for (const key of INJECTED) {
      const injected = (Reflect.getMetadata(key, type) ?? []) as readonly { param?: unknown; type?: unknown }[];
      for (const { param, type: property } of injected) this.#token(param ?? property);
    }
    for (let prototype = type.prototype as object | null; prototype && prototype !== Object.prototype;) {
      for (const { value } of Object.values(Object.getOwnPropertyDescriptors(prototype))) {
        if (typeof value !== 'function') continue;
        const worker = Reflect.getMetadata(WORKER_METADATA, value as object) as WorkerMetadata | undefined;
        if (worker?.options.name !== undefined) this.names.add(worker.options.name);
      }
      prototype = Object.getPrototypeOf(prototype) as object | null;
    }
  }

  #token(token: unknown): void {
    const name = typeof token === 'string' ? TOKEN.exec(token)?.[1] : undefined;
    if (name !== undefined) this.names.add(name);
  }
}

function isForward(given: Import): given is ForwardReference {
  return typeof given === 'object' && given !== null && 'forwardRef' in given;
}

/** A module that cannot be made fails when Nest asks for it, where the test sees it. */
async function settle(given: Exclude<Import, ForwardReference>): Promise<Type | DynamicModule | undefined> {
  try {
    return (await given) ?? undefined;
  } catch {
    return undefined;
  }
}
