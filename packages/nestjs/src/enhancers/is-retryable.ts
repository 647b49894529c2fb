import { KafkaWorkerError, type KafkaRecord } from '@kafka-worker/engine';
import { RpcException } from '@nestjs/microservices';

/** Refusals that pass by themselves: timeout, locked too early, too many requests. */
const PASSING = new Set([408, 425, 429]);
/** What a guard's `false` becomes under RPC. Nest does not export the text. */
const FORBIDDEN = 'Forbidden resource';

/**
 * The `retry.retryIf` of a worker that brings none: payloads that cannot be decoded, 4xx `HttpException`s (validation
 * pipes, guards) and guards that said no are not tried again, for they would say the same (nestjs/nest#10972).
 * For a `retryIf` of one's own to build on.
 */
export function isRetryableByDefault(error: Error, _record?: KafkaRecord): boolean {
  if (KafkaWorkerError.is(error)) return error.code !== 'DESERIALIZE';
  if (error instanceof RpcException) return error.getError() !== FORBIDDEN;
  const status = httpStatus(error);
  return status === undefined || status < 400 || status >= 500 || PASSING.has(status);
}

/** Duck-typed: a dependency may bring another copy of `@nestjs/common`. */
function httpStatus(error: Error): number | undefined {
  const { getStatus, getResponse } = error as { getStatus?: unknown; getResponse?: unknown };
  if (typeof getStatus !== 'function' || typeof getResponse !== 'function') return undefined;
  const status: unknown = getStatus.call(error);
  return typeof status === 'number' ? status : undefined;
}
