import 'reflect-metadata';
import { NEST_METADATA, OWN_FILTERS_METADATA } from '../constants.js';
import { GlobalsProbe } from './globals-probe.js';
import { RethrowFilter } from './rethrow.filter.js';

const rethrow = new RethrowFilter();

/**
 * Puts the rethrow filter behind the filters of method and class. Nest asks a method's filters from the last to the
 * first and then the class's, so the class's are repeated in front of the method's and ours stands in front of both.
 * Has to happen before Nest builds the handler; doing it twice changes nothing.
 */
export function bindRethrowFilter(type: object, method: object): void {
  const own = (Reflect.getOwnMetadata(OWN_FILTERS_METADATA, method) ??
    Reflect.getMetadata(NEST_METADATA.filters, method) ??
    []) as readonly unknown[];
  const ofClass = (Reflect.getMetadata(NEST_METADATA.filters, type) ?? []) as readonly unknown[];
  Reflect.defineMetadata(OWN_FILTERS_METADATA, own, method);
  Reflect.defineMetadata(NEST_METADATA.filters, [rethrow, ...ofClass, ...own], method);
}

/** Whether nobody is asked before the rethrow filter: what a handler throws reaches the engine in any case. */
export function isRethrown(type: object, method: object, globals: readonly object[]): boolean {
  const ofMethod = (Reflect.getMetadata(NEST_METADATA.filters, method) ?? []) as readonly unknown[];
  const ofClass = (Reflect.getMetadata(NEST_METADATA.filters, type) ?? []) as readonly unknown[];
  const [first, ...others] = ofMethod;
  const asked = [...others, ...ofClass, ...globals.filter((filter) => !(filter instanceof GlobalsProbe))];
  return first === rethrow && asked.length === 0;
}
