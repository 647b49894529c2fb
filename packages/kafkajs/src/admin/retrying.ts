import { connectionError } from '../errors/connection-error.js';
import { brokerErrorType, isRetriable } from '../errors/broker-error.js';

const FIRST_DELAY_MS = 50;
const ATTEMPTS = 8;
const LONGEST_DELAY_MS = 1000;

/** Broker errors that pass by themselves although kafkajs calls some of them final. */
const PASSING = new Set(['NOT_COORDINATOR_FOR_GROUP', 'GROUP_LOAD_IN_PROGRESS', 'GROUP_COORDINATOR_NOT_AVAILABLE']);

/**
 * Tries a question to the cluster again while its error is one that passes: kafkajs retries only some of them.
 * Ends early when nobody wants the answer any more. Throws the last error, as `CONNECTION` where no broker was reached.
 */
export async function retrying<T>(ask: () => Promise<T>, wanted: () => boolean = () => true): Promise<T> {
  for (let attempt = 1, delay = FIRST_DELAY_MS; ; attempt++, delay = Math.min(LONGEST_DELAY_MS, delay * 2)) {
    try {
      return await ask();
    } catch (error) {
      const passes = isRetriable(error) || PASSING.has(brokerErrorType(error) ?? '');
      if (!passes || attempt >= ATTEMPTS || !wanted()) throw connectionError(error);
      await new Promise((resolve) => setTimeout(resolve, delay));
    }
  }
}
