import type { Type } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import type { WorkerMetadata } from '../decorators/kafka-worker.decorator.js';

type NestModule = ModulesContainer extends Map<string, infer M> ? M : never;
type Wrapper = NestModule['providers'] extends Map<unknown, infer W> ? W : never;

/** A module as Nest's container holds it. Not exported by name from `@nestjs/core`. @internal */
export type ModuleNode = NestModule;
/** A controller or provider as Nest's container holds it. @internal */
export type HostWrapper = Wrapper;

/** What a record is given to: Nest's own handler of a method, or the short one. Gives a value, a promise or an Observable. @internal */
export type RecordHandler = (payload: unknown, context: unknown) => unknown;

/** A method that `@KafkaWorker` or a pattern decorator stands on, of one host in one module. @internal */
export interface Handler {
  /** `Class#method`; made unique where two classes have the same name. */
  readonly id: string;
  readonly type: Type<unknown>;
  readonly methodName: string;
  /** The method itself, where Nest's decorators keep their metadata. */
  readonly method: object;
  readonly kind: 'controller' | 'provider';
  readonly wrapper: HostWrapper;
  readonly moduleKey: string;
  readonly module: ModuleNode;
  /** Undefined: only a pattern decorator stands on it. */
  readonly worker: WorkerMetadata | undefined;
  /** False: `@MessagePattern`, whose result goes back to who asked. */
  readonly isEvent: boolean;
}
