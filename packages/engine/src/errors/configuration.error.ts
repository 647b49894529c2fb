import { KafkaWorkerError } from './kafka-worker.error.js';

/** One thing that is wrong, in words that name what, where and what is allowed. */
export interface ConfigurationMistake {
  /** `Class#method`, or the module option's path. */
  readonly where: string;
  /** The option's name, where one is at fault. */
  readonly option?: string;
  readonly message: string;
}

/** Every mistake of a configuration at once. Thrown before anything is started. */
export class ConfigurationError extends KafkaWorkerError {
  override readonly name = 'ConfigurationError';

  constructor(readonly mistakes: readonly ConfigurationMistake[]) {
    super(
      'CONFIGURATION',
      `kafka-worker cannot start, ${mistakes.length === 1 ? '1 mistake' : `${mistakes.length} mistakes`}:\n` +
        mistakes.map((m) => `  - ${m.where}${m.option ? `, option "${m.option}"` : ''}: ${m.message}`).join('\n'),
    );
  }
}
