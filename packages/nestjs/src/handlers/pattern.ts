import 'reflect-metadata';
import { NEST_METADATA, PATTERN_HANDLER } from '../constants.js';

/** What `@EventPattern` and `@MessagePattern` left on a method. @internal */
export interface Pattern {
  readonly patterns: readonly unknown[];
  readonly transport: unknown;
  readonly isEvent: boolean;
}

/** @internal */
export function readPattern(method: object): Pattern | undefined {
  const handlerType: unknown = Reflect.getMetadata(NEST_METADATA.handlerType, method);
  if (handlerType === undefined) return undefined;
  return {
    patterns: (Reflect.getMetadata(NEST_METADATA.pattern, method) ?? []) as readonly unknown[],
    transport: Reflect.getMetadata(NEST_METADATA.transport, method) as unknown,
    isEvent: handlerType === PATTERN_HANDLER.event,
  };
}

/** Adds to a handler's extras: what a strategy gets beside the handler. @internal */
export function addExtras(method: object, extras: Record<PropertyKey, unknown>): void {
  const present = (Reflect.getMetadata(NEST_METADATA.extras, method) ?? {}) as object;
  Reflect.defineMetadata(NEST_METADATA.extras, { ...present, ...extras }, method);
}

/** @internal */
export function setTransport(method: object, transport: symbol): void {
  Reflect.defineMetadata(NEST_METADATA.transport, transport, method);
}
