import { describe, expect, it } from '@jest/globals';
import type { EngineSnapshot, PartitionSnapshot, RecordState } from '@kafka-worker/nestjs';
import { live } from '../../src/terminus/checks/live.js';
import type { ConnectionView } from '../../src/terminus/connection-view.js';

const NOW = 1_000_000_000;

/** A joined member with one record at `ageMs`; its loop turned `loopAgeMs` ago and it joined `joinedMs` ago. */
function view(
  record: { ageMs: number; state?: RecordState },
  { timeoutMs, loopAgeMs, joinedMs = 0 }: { timeoutMs?: number; loopAgeMs?: number; joinedMs?: number } = {},
): ConnectionView {
  const runningRecords = [{ offset: 7, key: 'k', state: record.state ?? 'running', attempt: 2, ageMs: record.ageMs }];
  const partition = { topic: 'orders', partition: 0, worker: 'Orders#on', runningRecords } as unknown;
  const snapshot: EngineSnapshot = {
    state: 'RUNNING',
    driver: 'none',
    running: 1,
    maxConcurrency: undefined,
    groups: [
      {
        groupId: 'group',
        state: 'joined',
        generation: 1,
        memberId: 'm',
        workers: [],
        partitions: [partition as PartitionSnapshot],
        lastRebalance: { at: NOW - joinedMs, durationMs: 1, assigned: 1, revoked: 0, kept: 0 },
        ...(loopAgeMs !== undefined && { turnedAt: NOW - loopAgeMs }),
      },
    ],
  };
  return {
    connection: 'default',
    state: 'RUNNING',
    workers: [{ id: 'Orders#on', timeoutMs }],
    snapshot,
    stats: { topics: [], partitions: [] },
    now: NOW,
    crashOf: () => undefined,
  };
}

describe('the stall budget of a handler', () => {
  it.each([
    ['5 minutes where its worker has no timeout', undefined, {}, 300_000],
    ['twice the timeout and the 5 s after it', 10_000, {}, 30_000],
    ['stallMs, whatever the timeout is', 10_000, { stallMs: 12_000 }, 12_000],
    ['its own, whatever stallMs is', 10_000, { stallMs: 1, workers: { 'Orders#on': 90_000 } }, 90_000],
  ])('is %s', (_name, timeoutMs, options, budgetMs) => {
    const within = view({ ageMs: budgetMs }, timeoutMs === undefined ? {} : { timeoutMs });
    expect(live([within], options).status).toBe('up');
    const past = view({ ageMs: budgetMs + 1 }, timeoutMs === undefined ? {} : { timeoutMs });
    expect(live([past], options)).toMatchObject({
      status: 'down',
      causes: [{ cause: 'handler-stalled', offset: 7, attempt: 2, ageMs: budgetMs + 1, stallMs: budgetMs }],
    });
  });

  it('is not used by a record whose handler has not started', () => {
    expect(live([view({ ageMs: 1e9, state: 'claiming' })], {}).status).toBe('up');
  });
});

describe('the time of a loop', () => {
  it('is a minute, from the last join on', () => {
    const record = { ageMs: 0 };
    expect(live([view(record, { loopAgeMs: 60_000, joinedMs: 1e6 })], {}).status).toBe('up');
    expect(live([view(record, { loopAgeMs: 60_001, joinedMs: 1e6 })], {})).toMatchObject({
      causes: [{ cause: 'loop-stalled', ageMs: 60_001, loopMs: 60_000 }],
    });
    expect(live([view(record, { loopAgeMs: 1e6, joinedMs: 60_000 })], {}).status).toBe('up');
    expect(live([view(record, { joinedMs: 1e6 })], {}).status).toBe('up');
  });
});
