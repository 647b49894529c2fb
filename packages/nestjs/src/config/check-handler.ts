import 'reflect-metadata';
import type { ConfigurationMistake } from '@kafka-worker/engine';
import { NEST_METADATA } from '../constants.js';
import type { Handler } from '../handlers/handler.interface.js';

const ENHANCERS = ['guards', 'interceptors', 'pipes', 'filters'] as const;

/** What Nest cannot run as a worker and would pass over in silence. @internal */
export function checkHandler(handler: Handler): ConfigurationMistake[] {
  const { id: where, worker, kind, wrapper, module, type, method } = handler;
  if (!worker) return [];
  const mistakes: ConfigurationMistake[] = [];
  if (kind === 'provider' && wrapper.isTransient) {
    const message = `${type.name} has transient scope: each consumer has an instance of its own and the worker none; use DEFAULT or REQUEST`;
    mistakes.push({ where, message });
  }
  for (const kindOfEnhancer of ENHANCERS) {
    for (const enhancer of enhancersOf(type, method, NEST_METADATA[kindOfEnhancer])) {
      // Nest reads the enhancers of classes given as they are. Of what a factory makes it knows no class, and
      // leaves out the guard without a word.
      if (typeof enhancer !== 'function' || module.injectables.has(enhancer as never)) continue;
      const message =
        `${enhancer.name} (${kindOfEnhancer}) would not run: Nest makes no enhancers for a provider that is given as ` +
        `{ provide, useFactory | useValue }; list ${type.name} itself among the providers or give an instance: new ${enhancer.name}(...)`;
      mistakes.push({ where, message });
    }
  }
  return mistakes;
}

function enhancersOf(type: object, method: object, key: string): unknown[] {
  return [type, method].flatMap((on) => (Reflect.getMetadata(key, on) ?? []) as unknown[]);
}
