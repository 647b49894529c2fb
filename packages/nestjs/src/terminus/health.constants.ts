/** Token of the module's options. @internal */
export const HEALTH_OPTIONS = 'KAFKA_WORKER_HEALTH_OPTIONS';

/** Name of the workers in the answers where none is given. @internal */
export const DEFAULT_KEY = 'kafka';
