import type { ErrorCode } from './codes.js';

const BRAND = Symbol.for('kafka-worker.error');

/** Base of every error this project throws: a closed list of codes, and whether trying again can help. */
export class KafkaWorkerError extends Error {
  override readonly name: string = 'KafkaWorkerError';
  readonly [BRAND] = true;

  constructor(
    readonly code: ErrorCode,
    message: string,
    options: { cause?: unknown; canRetry?: boolean } = {},
  ) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.canRetry = options.canRetry ?? false;
  }

  /** True where the same call can succeed later without anybody changing anything. */
  readonly canRetry: boolean;

  /** Works across two copies of the package in one process, where `instanceof` does not. */
  static is(error: unknown): error is KafkaWorkerError {
    return typeof error === 'object' && error !== null && BRAND in error;
  }
}

/** What was thrown, as an `Error`: handlers may throw anything. */
export function ensureError(thrown: unknown): Error {
  if (thrown instanceof Error) return thrown;
  return new Error(messageOf(thrown), { cause: thrown });
}

function messageOf(thrown: unknown): string {
  if (typeof thrown === 'string') return thrown;
  const message: unknown = (thrown as { message?: unknown } | null | undefined)?.message;
  if (typeof message === 'string') return message;
  return `thrown value of type ${thrown === null ? 'null' : typeof thrown}`;
}
