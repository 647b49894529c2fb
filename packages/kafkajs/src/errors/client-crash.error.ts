import { KafkaWorkerError, ensureError, type ErrorCode } from '@kafka-worker/engine';
import { MISSING_CODECS } from '../codecs/compression.js';

/** The client gave up: the cause of the state `crashed`. */
export class ClientCrashError extends KafkaWorkerError {
  override readonly name = 'ClientCrashError';

  constructor(
    code: ErrorCode,
    message: string,
    /** True: the client starts again by itself and joins anew. False: this consumer is over. */
    readonly willRestart: boolean,
    options: { cause?: unknown } = {},
  ) {
    super(code, message, { ...options, canRetry: willRestart });
  }
}

/**
 * Names what kafkajs gave up on. A codec that is not there is told apart, since kafkajs ends the consumer on it
 * without a way back: `topics` are those the failing fetch asked for.
 */
export function toCrashError(thrown: unknown, willRestart: boolean, topics: readonly string[]): ClientCrashError {
  const error = ensureError(thrown);
  const codec = error.name === 'KafkaJSNotImplemented' ? missingCodec(error.message) : undefined;
  if (codec) {
    const where =
      topics.length === 0 ? '' : ` of ${topics.length === 1 ? 'topic' : 'one of the topics'} ${topics.join(', ')}`;
    return new ClientCrashError(
      'CODEC_MISSING',
      `a record${where} is compressed with ${codec.name}, which needs the package ${codec.install}: npm install ${codec.install}`,
      willRestart,
      { cause: error },
    );
  }
  return new ClientCrashError(
    'CLIENT_CRASHED',
    `kafkajs stopped${willRestart ? ' and starts again' : ''}: ${error.message}`,
    willRestart,
    { cause: error },
  );
}

function missingCodec(message: string): (typeof MISSING_CODECS)[number] | undefined {
  return MISSING_CODECS.find(({ name }) => message.toLowerCase().startsWith(name));
}
