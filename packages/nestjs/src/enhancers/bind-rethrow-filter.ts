import 'reflect-metadata';
import { NEST_METADATA, OWN_FILTERS_METADATA } from '../constants.js';
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
