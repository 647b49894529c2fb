import { KafkaWorkerError } from '@kafka-worker/engine';

/** A payload could not be decoded, or its schema refused it. Not retried: the bytes will be the same. */
export class PayloadError extends KafkaWorkerError {
  override readonly name = 'PayloadError';

  constructor(message: string, options: { cause?: unknown } = {}) {
    super('DESERIALIZE', message, options);
  }
}
