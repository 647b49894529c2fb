/** Name of the connection that is meant where none is given. */
export const DEFAULT_CONNECTION = 'default';

/**
 * Transport id of the default connection. Handlers that carry it are handed to our strategy only, and those of
 * `Transport.KAFKA` never are (nestjs/nest#11616 and PR #14606 show what happens without an id of one's own).
 */
export const KAFKA_WORKER_TRANSPORT: symbol = Symbol.for('kafka-worker.transport');

/** Transport id of a connection. For `@EventPattern('orders', getKafkaWorkerTransport('audit'))`. */
export function getKafkaWorkerTransport(name: string = DEFAULT_CONNECTION): symbol {
  return name === DEFAULT_CONNECTION ? KAFKA_WORKER_TRANSPORT : Symbol.for(`kafka-worker.transport:${name}`);
}

/** Token of a connection's `KafkaWorkerServer`. The default connection's is also provided under its class. */
export function getKafkaWorkerServerToken(name: string = DEFAULT_CONNECTION): string {
  return `KAFKA_WORKER_SERVER(${name})`;
}

/** Token of a connection's `KafkaWorkerRuntime`. The default connection's is also provided under its class. */
export function getKafkaWorkerToken(name: string = DEFAULT_CONNECTION): string {
  return `KAFKA_WORKER(${name})`;
}

/** Token of a connection's `KafkaWorkerProducer`. The default connection's is also provided under its class. */
export function getKafkaProducerToken(name: string = DEFAULT_CONNECTION): string {
  return `KAFKA_PRODUCER(${name})`;
}

/** @internal */
export function getKafkaWorkerConnectionToken(name: string = DEFAULT_CONNECTION): string {
  return `KAFKA_WORKER_CONNECTION(${name})`;
}

/** What `@KafkaWorker` leaves on a method. A string, so that two copies of the package see each other's. @internal */
export const WORKER_METADATA = 'kafka-worker:handler_metadata';

/** The filters a method had before ours was put beside them. @internal */
export const OWN_FILTERS_METADATA = 'kafka-worker:own_filters';

/** Under this name a handler's `extras` carry the method they belong to. @internal */
export const HANDLER_EXTRA: unique symbol = Symbol.for('kafka-worker.handler') as never;

/**
 * Keys under which Nest keeps what its decorators were given, the same in 11 and 12. They stand here because
 * `@nestjs/*` exports them from deep paths only.
 * @internal
 */
export const NEST_METADATA = {
  pattern: 'microservices:pattern',
  handlerType: 'microservices:handler_type',
  transport: 'microservices:transport',
  extras: 'microservices:pattern_extras',
  filters: '__exceptionFilters__',
  guards: '__guards__',
  interceptors: '__interceptors__',
  pipes: '__pipes__',
  caught: '__filterCatchExceptions__',
} as const;

/** `PatternHandler` of `@nestjs/microservices`, which does not export it. @internal */
export const PATTERN_HANDLER = { message: 1, event: 2 } as const;
