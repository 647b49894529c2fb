import { describe, expect, it } from '@jest/globals';
import {
  checkWorkerOptions,
  compileWorkerOptions,
  freeze,
  type EngineOptions,
  type WorkerOptions,
} from '../src/index.js';
import { checkEngine } from '../src/options/check-engine.js';
import { World } from './support/world.js';

const check = (options: object): string[] =>
  checkWorkerOptions(options as WorkerOptions, 'Orders#on').map(({ where, option, message }) => {
    expect(where).toBe('Orders#on');
    return `${option}: ${message}`;
  });
const circular: Record<string, unknown> = {};
circular.self = circular;

describe('options of a worker', () => {
  it.each<[object, string]>([
    [
      { limits: 3 },
      'limits: there is no such option; allowed are buffer, commit, concurrency, delivery, idempotency, limit,',
    ],
    [
      { concurrency: 'keys' },
      "concurrency: 'keys' is not allowed; one of 'serial', 'partition', 'key', 'unordered' is",
    ],
    [{ limit: 0 }, 'limit: 0 is not allowed; a whole number of 1 or more is'],
    [{ limit: 1.5 }, 'limit: 1.5 is not allowed'],
    [{ limit: '3' }, "limit: '3' is not allowed"],
    [{ limit: Infinity }, 'limit: Infinity is not allowed'],
    [{ limit: NaN }, 'limit: NaN is not allowed'],
    [{ limit: 3n }, 'limit: 3n is not allowed'],
    [{ limit: null }, 'limit: null is not allowed'],
    [{ concurrency: 'serial', limit: 2 }, "limit: 2 is not allowed with concurrency 'serial'"],
    [{ partitionLimit: -1 }, 'partitionLimit: -1 is not allowed'],
    [{ concurrency: 'key', orderBy: 'id' }, "orderBy: 'id' is not a function"],
    [{ orderBy: () => 'x' }, "orderBy: orders nothing with concurrency 'partition'; it needs concurrency 'key'"],
    [{ nullKey: 'none' }, "nullKey: 'none' is not allowed; one of 'unordered', 'partition' is"],
    [{ timeoutMs: 0 }, 'timeoutMs: 0 is not allowed'],
    [{ commit: 'never' }, "commit: 'never' is not allowed; one of 'each', 'manual', 'none' is"],
    [{ commit: 5 }, "commit: 5 is not allowed; { intervalMs, records }, 'each', 'manual' or 'none' is"],
    [{ commit: { interval: 5 } }, 'commit.interval: there is no such option; allowed are intervalMs, records'],
    [{ commit: { intervalMs: 0 } }, 'commit.intervalMs: 0 is not allowed'],
    [{ commit: { records: 0 } }, 'commit.records: 0 is not allowed'],
    [{ retry: 3 }, 'retry: 3 is not allowed; { attempts, backoff, retryIf } is'],
    [{ retry: { attempts: 0 } }, 'retry.attempts: 0 is not allowed'],
    [{ retry: { tries: 1 } }, 'retry.tries: there is no such option; allowed are attempts, backoff, retryIf'],
    [{ retry: { backoff: 100 } }, 'retry.backoff: 100 is not a function'],
    [{ retry: { retryIf: true } }, 'retry.retryIf: true is not a function'],
    [{ buffer: [] }, 'buffer: [] is not allowed; { records, bytes } is'],
    [{ buffer: { bytes: 0 } }, 'buffer.bytes: 0 is not allowed'],
    [
      { onFailure: 'skip' },
      "onFailure: 'skip' is not a failure policy; freeze('partition'), freeze('key'), skip(), deadLetter({ topic }) or retryTopics",
    ],
    [
      { onFailure: { type: 'freeze', scope: 'topic' } },
      "onFailure: freeze('topic') is not allowed; 'key' or 'partition' is",
    ],
    [{ onFailure: freeze }, 'onFailure: a function is not a failure policy'],
    [{ onFailure: circular }, 'onFailure: an object is not a failure policy'],
  ])('%j is a mistake that says what is wrong and what is allowed', (options, message) => {
    expect(check(options)).toEqual([expect.stringContaining(message)]);
  });

  it('that are wrong are all named at once', () => {
    expect(check({ limit: 0, retry: { attempts: 0 }, x: 1 })).toHaveLength(3);
  });

  it('of a layer above are let through', () => {
    expect(checkWorkerOptions({ topic: 'x' } as WorkerOptions, 'w', ['topic'])).toEqual([]);
  });

  it('have the defaults of the contract', () => {
    const compiled = compileWorkerOptions({});
    expect(compiled).toMatchObject({
      concurrency: 'partition',
      limit: 16,
      partitionLimit: Infinity,
      nullKey: 'unordered',
      commit: { mode: 'cadence', intervalMs: 1_000, records: 1_000 },
      retry: { attempts: 3 },
      onFailure: { type: 'freeze', scope: 'partition' },
      timeoutMs: undefined,
      buffer: { records: 1_000, bytes: 16 * 1024 * 1024 },
    });
    expect(compileWorkerOptions({ concurrency: 'serial' }).limit).toBe(1);
    expect(compileWorkerOptions({ limit: 5_000 }).buffer.records).toBe(10_000);
  });
});

describe('options of an engine', () => {
  const handle = (): void => undefined;
  const worker = (id: string, topics: (string | RegExp)[] = ['t'], groupId = 'g') => ({ id, groupId, topics, handle });
  const mistakes = (options: object, workers = [worker('w')]): string[] =>
    checkEngine(options as EngineOptions, workers).map((m) => `${m.where}, ${m.option ?? '-'}: ${m.message}`);

  it.each<[object, string]>([
    [{ maxConcurrency: 0 }, 'engine options, maxConcurrency: 0 is not allowed; a whole number of 1 or more is'],
    [
      { shutdown: { graceMs: -1 } },
      'engine options, shutdown.graceMs: -1 is not allowed; a whole number of 0 or more is',
    ],
    [{ shutdown: { forceMs: 0.5 } }, 'engine options, shutdown.forceMs: 0.5'],
    [{ sessionTimeoutMs: 0 }, 'engine options, sessionTimeoutMs: 0'],
    [
      { rebalance: { strategy: 'wait' } },
      "engine options, rebalance.strategy: 'wait' is not allowed; 'drain' or 'commit-completed' is",
    ],
    [{ rebalance: { timeoutMs: 60_000 } }, "it must be less than the group's rebalance timeout of 60000 ms"],
    [{ rebalance: { timeoutMs: 5_000 }, rebalanceTimeoutMs: 5_000 }, 'rebalance timeout of 5000 ms'],
  ])('%j is a mistake', (options, message) => {
    expect(mistakes(options)).toEqual([expect.stringContaining(message)]);
  });

  it('name workers of one id, without group or topic, and on one topic', () => {
    expect(mistakes({}, [worker('w'), worker('w', ['u'])])).toEqual(['w, -: there are two workers of this id']);
    expect(mistakes({}, [worker('w', [])])).toEqual(['w, topics: names no topic; at least one is needed']);
    expect(mistakes({}, [worker('w', ['t'], '')])).toEqual(['w, groupId: is empty; a group is needed']);
    expect(mistakes({}, [worker('v'), worker('w')])).toEqual([
      "w, topic: topic 't' of group 'g' belongs to v already; give one of them another groupId",
    ]);
    expect(mistakes({}, [worker('w', ['t', 't'])])).toEqual(["w, topic: topic 't' is named twice"]);
    expect(mistakes({}, [worker('v'), worker('w', ['t'], 'h')])).toEqual([]);
  });

  it('are all refused together, before anything is asked of a broker', async () => {
    const world = new World();
    const { engine } = world.make({ maxConcurrency: 0, options: { limit: 0 } as WorkerOptions });
    await expect(engine.start()).rejects.toThrow(
      'kafka-worker cannot start, 2 mistakes:\n' +
        '  - engine options, option "maxConcurrency": 0 is not allowed; a whole number of 1 or more is\n' +
        '  - w, option "limit": 0 is not allowed; a whole number of 1 or more is',
    );
  });
});
