import { BadRequestException, HttpException, InternalServerErrorException, ForbiddenException } from '@nestjs/common';
import { RpcException } from '@nestjs/microservices';
import { describe, expect, it } from '@jest/globals';
import {
  DeadLetterError,
  deadLetter,
  exactlyOnce,
  freeze,
  FreezeError,
  isRetryableByDefault,
  KafkaWorkerError,
  NonRetryableError,
  PayloadError,
  RetryLaterError,
  skip,
  SkipRecordError,
  StoreFailedError,
  StoreFencedError,
  TransactionError,
  type IdempotencyOptions,
  type TransactionalStore,
} from '@kafka-worker/nestjs';
import { engineOptions } from '../src/runtime/worker-plan.js';

describe('what is tried again by default', () => {
  it.each([
    [new Error('x'), true],
    [new BadRequestException(), false],
    [new ForbiddenException(), false],
    [new HttpException('slow down', 429), true],
    [new InternalServerErrorException(), true],
    [new RpcException('Forbidden resource'), false],
    [new RpcException('busy'), true],
    [new PayloadError('x'), false],
    [new RetryLaterError(5), true],
    [new DeadLetterError(), false],
    [new FreezeError(), false],
    [new SkipRecordError(), false],
    [new NonRetryableError(), false],
    [new KafkaWorkerError('NOT_TRANSACTIONAL', 'x'), false],
    [new KafkaWorkerError('HANDLER_TIMEOUT', 'x', { canRetry: true }), true],
    [new KafkaWorkerError('SEND_FAILED', 'x', { canRetry: true }), true],
    // no fault of the record: the next attempt has another transaction
    [new StoreFailedError('x'), true],
    [new StoreFencedError('x'), true],
    [new TransactionError('TRANSACTION_FENCED', 'x'), true],
    [Object.assign(new Error('another copy'), { getStatus: () => 422, getResponse: () => '' }), false],
  ])('%s: %s', (error, expected) => {
    expect(isRetryableByDefault(error)).toBe(expected);
  });

  it("a worker's own retryIf wins, and the rest of retry stays", () => {
    const retryIf = (): boolean => true;
    expect(engineOptions({ retry: { attempts: 5, retryIf } }).retry).toEqual({ attempts: 5, retryIf });
    expect(engineOptions({ retry: { attempts: 5 }, onFailure: freeze('key') })).toEqual({
      retry: { attempts: 5, retryIf: isRetryableByDefault },
      onFailure: freeze('key'),
    });
  });

  it('guarantee, idempotency and policies reach the engine as they are', () => {
    const store = { name: 'store' } as TransactionalStore;
    const given = {
      delivery: exactlyOnce(store),
      idempotency: { store: {}, key: () => 'x' } as unknown as IdempotencyOptions,
      onFailure: deadLetter({ topic: 'dead' }),
      commit: { intervalMs: Infinity, records: 5 },
    };
    expect(engineOptions({ ...given, schema: {} as never })).toEqual({
      ...given,
      retry: { retryIf: isRetryableByDefault },
    });
    expect(engineOptions({ delivery: 'at-most-once', commit: 'none', onFailure: skip() })).toMatchObject({
      delivery: 'at-most-once',
      commit: 'none',
    });
  });
});
