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

/** Whether the rethrow filter stands alone on method and class: it asks the global ones itself, when something is thrown. */
export function isRethrown(type: object, method: object): boolean {
  const ofMethod = (Reflect.getMetadata(NEST_METADATA.filters, method) ?? []) as readonly unknown[];
  const ofClass = (Reflect.getMetadata(NEST_METADATA.filters, type) ?? []) as readonly unknown[];
  return ofMethod[0] === rethrow && ofMethod.length === 1 && ofClass.length === 0;
}
