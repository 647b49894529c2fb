import { BadRequestException, HttpException, InternalServerErrorException, ForbiddenException } from '@nestjs/common';
import { RpcException } from '@nestjs/microservices';
import { describe, expect, it } from '@jest/globals';
import { freeze, isRetryableByDefault, PayloadError, RetryLaterError } from '@kafka-worker/nestjs';
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
});
