import { describe, expect, it } from '@jest/globals';
import kafkajs from 'kafkajs';
import { staleCommit, toCommitError } from '../src/errors/commit-errors.js';
import { toCrashError } from '../src/errors/client-crash.error.js';

/** As kafkajs wraps what it does not retry: the broker's word is on the cause only. */
function wrapped(type: string): Error {
  const cause = Object.assign(new Error(`broker says ${type}`), { type });
  return Object.assign(new kafkajs.KafkaJSNonRetriableError(cause), { cause });
}

describe('errors of commits', () => {
  it.each([
    ['ILLEGAL_GENERATION', 'COMMIT_STALE'],
    ['REBALANCE_IN_PROGRESS', 'COMMIT_STALE'],
    ['UNKNOWN_MEMBER_ID', 'COMMIT_FENCED'],
    ['FENCED_INSTANCE_ID', 'COMMIT_FENCED'],
    ['OFFSET_METADATA_TOO_LARGE', 'COMMIT_METADATA_TOO_LARGE'],
    ['NOT_COORDINATOR_FOR_GROUP', 'COMMIT_FAILED'],
  ])('%s is %s', (type, code) => {
    const error = toCommitError(wrapped(type));
    expect(error.code).toBe(code);
    expect(error.canRetry).toBe(code === 'COMMIT_FAILED');
    expect(error.message).toContain(type);
  });

  it('a refusal of our own stays what it is, however wrapped', () => {
    const own = staleCommit('joining');
    expect(toCommitError(Object.assign(new Error('outer'), { cause: own }))).toBe(own);
  });

  it('survives whatever is thrown', () => {
    expect(toCommitError('text').code).toBe('COMMIT_FAILED');
    expect(toCommitError(undefined).code).toBe('COMMIT_FAILED');
  });
});

describe('errors of crashes', () => {
  it.each([
    ['Snappy', 'snappyjs'],
    ['LZ4', 'lz4-napi'],
    ['ZSTD', 'zstd-codec'],
  ])('%s without its package is named', (codec, install) => {
    const thrown = Object.assign(new Error(`${codec} compression not implemented`), { name: 'KafkaJSNotImplemented' });
    const error = toCrashError(thrown, false, ['orders']);
    expect(error).toMatchObject({ code: 'CODEC_MISSING', willRestart: false, cause: thrown });
    expect(error.message).toContain(`npm install ${install}`);
    expect(error.message).toContain('topic orders');
  });

  it('anything else is a crash with its cause', () => {
    const cause = new Error('boom');
    expect(toCrashError(cause, true, [])).toMatchObject({
      code: 'CLIENT_CRASHED',
      willRestart: true,
      canRetry: true,
      cause,
    });
  });
});
