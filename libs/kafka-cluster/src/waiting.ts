import { KafkaClusterError } from './errors.js';

/** Between two looks at something that is not there yet, in milliseconds. */
const POLL_MS = 20;

/**
 * Looks until `look` gives something other than `undefined`; what it throws counts as "not yet".
 * Throws KafkaClusterError with `what` and the last thing thrown when `timeoutMs` have passed.
 */
export async function poll<T>(what: string, timeoutMs: number, look: () => Promise<T | undefined>): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    let cause: unknown;
    try {
      const found = await look();
      if (found !== undefined) return found;
    } catch (error) {
      if (error instanceof KafkaClusterError) throw error;
      cause = error;
    }
    if (Date.now() >= deadline) throw new KafkaClusterError(`${what}: not within ${timeoutMs} ms`, { cause });
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/**
 * For tests and experiments: looks until `look` is true; a look that throws is not true yet, whatever it throws.
 * Throws an Error with `what` and the last thing thrown after `timeoutMs` (default 30,000).
 */
export async function eventually(
  what: string,
  look: () => boolean | Promise<boolean>,
  timeoutMs = 30_000,
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    let cause: unknown;
    try {
      if (await look()) return;
    } catch (error) {
      cause = error;
    }
    if (Date.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${what}`, { cause });
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** `promise`, or a KafkaClusterError with `what` after `timeoutMs`. */
export async function within<T>(what: string, timeoutMs: number, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new KafkaClusterError(`${what}: not within ${timeoutMs} ms`)), timeoutMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
