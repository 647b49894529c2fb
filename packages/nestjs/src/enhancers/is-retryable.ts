import { KafkaWorkerError, type ErrorCode, type KafkaRecord } from '@kafka-worker/engine';
import { RpcException } from '@nestjs/microservices';

/** Refusals that pass by themselves: timeout, locked too early, too many requests. */
const PASSING = new Set([408, 425, 429]);
/**
 * Errors of ours that the same record meets again on every attempt, and those that steer: a handler who says where the
 * record should go has not asked for another call. Of a store or a transaction none is among them: what went wrong there
 * is no fault of the record, and the next attempt has a new transaction, so that no outage sends records to `onFailure`
 * before their attempts are used up.
 */
const FINAL: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'CONFIGURATION',
  'DESERIALIZE',
  'NOT_TRANSACTIONAL',
  'ORDER_BY',
  'DEAD_LETTER',
  'FREEZE',
  'NON_RETRYABLE',
  'SKIP_RECORD',
]);
/** What a guard's `false` becomes under RPC. Nest does not export the text. */
const FORBIDDEN = 'Forbidden resource';

/**
 * The `retry.retryIf` of a worker that brings none: payloads that cannot be decoded, 4xx `HttpException`s (validation
 * pipes, guards) and guards that said no are not tried again, for they would say the same (nestjs/nest#10972).
 * For a `retryIf` of one's own to build on.
 */
export function isRetryableByDefault(error: Error, _record?: KafkaRecord): boolean {
  if (KafkaWorkerError.is(error)) return !FINAL.has(error.code);
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
