/** An error as kafkajs throws it. The broker's own word is in `type`, often of the cause, never of both for sure. */
interface KafkajsError {
  readonly type?: unknown;
  readonly cause?: unknown;
  readonly retriable?: unknown;
  readonly errors?: unknown;
}

/**
 * The broker's name for what went wrong, such as `ILLEGAL_GENERATION`, looked for along the causes.
 * kafkajs' retrier wraps what it gives up on and leaves `type` on the cause only.
 */
export function brokerErrorType(error: unknown): string | undefined {
  for (const link of causes(error)) {
    if (typeof link.type === 'string') return link.type;
  }
  return undefined;
}

/** True where the error, or what caused it, is said to pass by itself. */
export function isRetriable(error: unknown): boolean {
  for (const link of causes(error)) if (link.retriable === true) return true;
  return false;
}

/** The error and its causes, outermost first. */
export function* causes(error: unknown): Generator<KafkajsError> {
  let link: unknown = error;
  for (let depth = 0; depth < 10 && typeof link === 'object' && link !== null; depth++) {
    yield link as KafkajsError;
    link = (link as KafkajsError).cause;
  }
}
