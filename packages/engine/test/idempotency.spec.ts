import { describe, expect, it } from '@jest/globals';
import { deferred, FakeClock, type Deferred } from '@kafka-worker/testing';
import {
  KafkaWorkerError,
  type Delivery,
  type DeliveryHandler,
  type IdempotencyOptions,
  type KafkaRecord,
} from '../src/index.js';
import { idempotent } from '../src/stores/idempotent-handler.js';
import { FakeStore } from './support/fake-store.js';
import { Calls } from './support/calls.js';
import { World } from './support/world.js';

const down = new Error('store down');

/** One handler behind the wrapper, on a clock that stands still. */
class Bench {
  readonly clock = new FakeClock();
  readonly store = new FakeStore(this.clock);
  readonly unmarked: Error[] = [];
  /** The calls of the handler; each ends when the test says so. */
  readonly runs: Deferred<unknown>[] = [];
  readonly deliver: DeliveryHandler;
  #offset = 0;

  constructor(
    setup: {
      handle?: DeliveryHandler;
      key?: (record: KafkaRecord) => unknown;
      unwrap?: (value: unknown) => PromiseLike<unknown> | undefined;
    } = {},
  ) {
    const running: DeliveryHandler = () => {
      const run = deferred<unknown>();
      this.runs.push(run);
      return run.promise;
    };
    const options = {
      store: this.store,
      key: (setup.key ?? (() => 'k')) as IdempotencyOptions['key'],
      ttlMs: 86_400_000,
      leaseMs: 30_000,
    };
    this.deliver = idempotent(setup.handle ?? running, options, this.clock, setup.unwrap, (_delivery, error) =>
      this.unmarked.push(error),
    );
  }

  /** An attempt at a new record, or at the one given. */
  attempt(record: KafkaRecord = this.record()): Attempt {
    const controller = new AbortController();
    const delivery = { record, groupId: 'g', attempt: 1, signal: controller.signal } as Delivery;
    const attempt: Attempt = { record, abort: () => controller.abort(new Error('aborted')), outcome: undefined };
    (async () => this.deliver(delivery))().then(
      () => (attempt.outcome = 'done'),
      (error: unknown) => (attempt.outcome = error),
    );
    return attempt;
  }

  record(): KafkaRecord {
    return {
      topic: 't',
      partition: 0,
      offset: this.#offset++,
      timestamp: 0,
      key: Buffer.from('secret'),
      value: null,
      headers: {},
    };
  }
}

/** What becomes of a call of the wrapper. */
interface Attempt {
  readonly record: KafkaRecord;
  readonly abort: () => void;
  /** Undefined: still under way. */
  outcome: unknown;
}

describe('a record with an idempotency key', () => {
  it('is handled under a lease, and its key is settled before it counts as done', async () => {
    const bench = new Bench();
    const settling = deferred();
    bench.store.before = (call) => (call === 'settle' ? settling.promise : undefined);
    const attempt = bench.attempt();
    await bench.clock.tick();
    expect(bench.store.at('g:k')).toMatchObject({ state: 'held', until: bench.clock.now() + 30_000 });
    bench.runs[0]?.resolve('value');
    await bench.clock.tick();
    expect(attempt.outcome).toBeUndefined();
    settling.resolve();
    await bench.clock.tick();
    expect(attempt.outcome).toBe('done');
    expect(bench.store.at('g:k')).toMatchObject({ state: 'settled', until: bench.clock.now() + 86_400_000 });
    expect(bench.store.asked).toEqual(['acquire', 'settle']);
    expect(new Set(bench.store.calls.map(({ token }) => token)).size).toBe(1);
    expect(bench.clock.pending).toBe(0);
    expect(bench.unmarked).toEqual([]);
  });

  it('is skipped where the key was settled before, without a word of the key', async () => {
    const bench = new Bench({ key: () => 'card-4711' });
    bench.store.put('g:card-4711', 'settled');
    const attempt = bench.attempt();
    await bench.clock.tick();
    expect(attempt.outcome).toMatchObject({
      code: 'SKIP_RECORD',
      message: expect.stringContaining('settled before: '),
    });
    expect(String(attempt.outcome)).not.toContain('4711');
    expect(bench.runs).toHaveLength(0);
    expect(bench.clock.pending).toBe(0);
  });

  it.each([
    [30_000, 1_000],
    [400, 400],
    [1, 50],
  ])('is asked for again where somebody else works on the key: %i ms of lease left, %i ms', async (left, delayMs) => {
    const bench = new Bench();
    bench.store.put('g:k', 'held', left);
    const attempt = bench.attempt();
    await bench.clock.tick();
    expect(attempt.outcome).toMatchObject({ code: 'RETRY_LATER', delayMs });
    expect(bench.runs).toHaveLength(0);
    expect(bench.store.at('g:k')?.token).toBe('another');
  });

  it('is left to one of two members that come at once', async () => {
    const bench = new Bench();
    const [one, two] = [bench.attempt(), bench.attempt()];
    await bench.clock.tick();
    expect(bench.runs).toHaveLength(1);
    expect([one.outcome, two.outcome]).toMatchObject([undefined, { code: 'RETRY_LATER' }]);
    bench.runs[0]?.resolve(undefined);
    await bench.clock.tick();
    const again = bench.attempt(two.record);
    await bench.clock.tick();
    expect(again.outcome).toMatchObject({ code: 'SKIP_RECORD' });
  });
});

describe('the function that gives the key', () => {
  it.each([null, undefined])('switches the store off for a record by %s', async (none) => {
    const bench = new Bench({ key: () => none });
    const attempt = bench.attempt();
    expect(bench.runs).toHaveLength(1); // at once
    bench.runs[0]?.resolve(undefined);
    await bench.clock.tick();
    expect(attempt.outcome).toBe('done');
    expect(bench.store.calls).toEqual([]);
  });

  it('fails the record for good by a throw, which is the cause', async () => {
    const cause = new Error('no such header');
    const bench = new Bench({
      key: () => {
        throw cause;
      },
    });
    const attempt = bench.attempt();
    await bench.clock.tick();
    expect(attempt.outcome).toMatchObject({ code: 'NON_RETRYABLE', cause });
    expect(bench.store.calls).toEqual([]);
  });

  it.each([[Promise.resolve('k')], [4711], [{}]])('must not give anything but text: %p', async (key) => {
    const bench = new Bench({ key: () => key });
    const attempt = bench.attempt();
    await bench.clock.tick();
    expect(attempt.outcome).toMatchObject({ code: 'NON_RETRYABLE', message: expect.stringContaining(typeof key) });
    expect(bench.runs).toHaveLength(0);
  });

  it('may give the empty text, a key as any other', async () => {
    const bench = new Bench({ key: () => '' });
    bench.attempt();
    await bench.clock.tick();
    expect(bench.store.at('g:')).toMatchObject({ state: 'held' });
  });
});

describe('a store that fails', () => {
  it('makes the record wait, longer each time up to 30 s, for itself alone', async () => {
    const bench = new Bench();
    bench.store.before = () => {
      throw down; // not even a promise
    };
    const waits: unknown[] = [];
    const record = bench.record();
    for (let i = 0; i < 9; i++) {
      const attempt = bench.attempt(record);
      await bench.clock.tick();
      expect(attempt.outcome).toMatchObject({ code: 'RETRY_LATER', cause: down });
      waits.push((attempt.outcome as { delayMs: number }).delayMs);
    }
    expect(waits).toEqual([250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
    const other = bench.attempt();
    await bench.clock.tick();
    expect(other.outcome).toMatchObject({ delayMs: 250 });
    expect(bench.runs).toHaveLength(0);
  });

  it('begins its waits anew after an answer', async () => {
    const bench = new Bench();
    const record = bench.record();
    const attempt = async (behave: () => void): Promise<Attempt> => {
      bench.store.before = behave;
      const made = bench.attempt(record);
      await bench.clock.tick();
      return made;
    };
    const fail = (): void => {
      throw down;
    };
    await attempt(fail);
    await attempt(fail);
    bench.store.put('g:k', 'held');
    expect((await attempt(() => undefined)).outcome).toMatchObject({ delayMs: 1_000 });
    expect((await attempt(fail)).outcome).toMatchObject({ delayMs: 250 });
  });

  it('uses up no attempt of an engine, and settles nothing, until it is back', async () => {
    const world = new World();
    const store = new FakeStore(world.clock);
    store.before = () => {
      throw down;
    };
    const options = { store, key: ({ offset }: KafkaRecord) => `${offset}`, ttlMs: 60_000, leaseMs: 30_000 };
    const calls = new Calls();
    const handle = idempotent(calls.handle, options, world.clock);
    const a = await world.engine({ options: { retry: { attempts: 1 }, commit: 'each' }, handle });
    world.produce(2);
    await world.clock.advance(60_000);
    expect(
      a
        .of('record.failed')
        .map((e) => [e.attempt, e.retryInMs])
        .slice(0, 3),
    ).toEqual([
      [1, 250],
      [1, 500],
      [1, 1_000],
    ]);
    expect([...a.of('record.settled'), ...a.of('frozen'), ...calls.all]).toEqual([]);
    store.before = () => undefined;
    await world.clock.advance(30_000);
    expect(calls.at(0).attempt).toBe(1);
    calls.finish(0);
    await world.clock.tick();
    calls.finish(1);
    await world.clock.tick();
    expect(world.stored()?.offset).toBe(2);
  });
});

describe('a lease', () => {
  it('is renewed every third of its length while the handler runs', async () => {
    const bench = new Bench();
    const attempt = bench.attempt();
    await bench.clock.advance(300_000);
    expect(bench.store.asked.filter((call) => call === 'renew')).toHaveLength(30);
    expect(bench.store.at('g:k')).toMatchObject({ state: 'held' });
    bench.runs[0]?.resolve(undefined);
    await bench.clock.tick();
    expect(attempt.outcome).toBe('done');
    expect(bench.clock.pending).toBe(0);
  });

  it('is tried to be renewed again where that failed', async () => {
    const bench = new Bench();
    bench.attempt();
    await bench.clock.tick();
    let failures = 0;
    bench.store.before = () => {
      if (failures++ === 0) throw down;
    };
    await bench.clock.advance(30_000);
    expect(failures).toBe(3);
    expect(bench.store.at('g:k')).toMatchObject({ state: 'held', until: bench.clock.now() + 30_000 });
  });

  it('does not wait for an answer of a slow store before it is renewed again', async () => {
    const bench = new Bench();
    bench.attempt();
    await bench.clock.tick();
    bench.store.before = () => new Promise(() => undefined);
    await bench.clock.advance(30_000);
    expect(bench.store.asked.filter((call) => call === 'renew')).toHaveLength(3);
  });

  it('that somebody else has by now is renewed no more, nor is the key settled over it; that is told', async () => {
    const bench = new Bench();
    const attempt = bench.attempt();
    await bench.clock.tick();
    bench.store.put('g:k', 'held', 1e9);
    await bench.clock.advance(100_000);
    expect(bench.store.asked).toEqual(['acquire', 'renew']);
    expect(bench.clock.pending).toBe(0);
    bench.runs[0]?.resolve(undefined);
    await bench.clock.tick();
    expect(attempt.outcome).toBe('done');
    expect(bench.store.asked).not.toContain('settle');
    expect(bench.store.at('g:k')).toMatchObject({ state: 'held', token: 'another' });
    expect(bench.unmarked).toMatchObject([{ code: 'STORE_FAILED', message: expect.stringContaining('ran out') }]);
  });

  it('that was forgotten is taken again to mark the key, where nobody has it', async () => {
    const bench = new Bench();
    const attempt = bench.attempt();
    await bench.clock.tick();
    bench.store.put('g:k', undefined); // as a store that lost its data
    bench.runs[0]?.resolve(undefined);
    await bench.clock.tick();
    expect(attempt.outcome).toBe('done');
    expect(bench.store.asked).toEqual(['acquire', 'settle', 'acquire', 'settle']);
    expect(bench.store.at('g:k')).toMatchObject({ state: 'settled' });
    expect(bench.unmarked).toEqual([]);
  });

  it('is not renewed after an abort: a handler that never comes back does not keep its key', async () => {
    const bench = new Bench();
    const attempt = bench.attempt();
    await bench.clock.advance(10_000);
    attempt.abort();
    expect(bench.clock.pending).toBe(0);
    await bench.clock.advance(30_000);
    expect(bench.store.asked).toEqual(['acquire', 'renew']);
    const next = bench.attempt(attempt.record);
    await bench.clock.tick();
    expect(bench.runs).toHaveLength(2);
    expect(next.outcome).toBeUndefined();
  });
});

describe('a handler that has failed', () => {
  it('gives its key back before the failure is told, unchanged', async () => {
    const bench = new Bench();
    const releasing = deferred();
    bench.store.before = (call) => (call === 'release' ? releasing.promise : undefined);
    const error = new KafkaWorkerError('FREEZE', 'stop');
    const attempt = bench.attempt();
    await bench.clock.tick();
    bench.runs[0]?.reject(error);
    await bench.clock.tick();
    expect(attempt.outcome).toBeUndefined();
    releasing.resolve();
    await bench.clock.tick();
    expect(attempt.outcome).toBe(error);
    expect(bench.store.at('g:k')).toBeUndefined();
    expect(bench.clock.pending).toBe(0);
    bench.attempt(attempt.record);
    await bench.clock.tick();
    expect(bench.runs).toHaveLength(2);
    const tokens = bench.store.calls.filter(({ call }) => call === 'acquire').map(({ token }) => token);
    expect(new Set(tokens).size).toBe(2);
  });

  it('by a throw that is no promise has failed as well', async () => {
    const bench = new Bench({
      handle: () => {
        throw down;
      },
    });
    const attempt = bench.attempt();
    await bench.clock.tick();
    expect(attempt.outcome).toBe(down);
    expect(bench.store.asked).toEqual(['acquire', 'release']);
  });

  it('is not kept from failing by a store that fails', async () => {
    const bench = new Bench();
    const attempt = bench.attempt();
    await bench.clock.tick();
    bench.store.before = () => {
      throw down;
    };
    const error = new Error('no');
    bench.runs[0]?.reject(error);
    await bench.clock.tick();
    expect(attempt.outcome).toBe(error);
    expect(bench.store.at('g:k')).toMatchObject({ state: 'held' }); // until the lease is over
    expect(bench.clock.pending).toBe(0);
  });
});

describe('a handler that has succeeded', () => {
  it('is waited for by unwrap, whether it gives its value at once or later', async () => {
    for (const now of [true, false]) {
      const inner = deferred();
      const seen: unknown[] = [];
      const bench = new Bench({
        handle: () => (now ? 'observable' : Promise.resolve('observable')),
        unwrap: (value) => (seen.push(value), inner.promise),
      });
      const attempt = bench.attempt();
      await bench.clock.tick();
      expect(seen).toEqual(['observable']);
      expect(bench.store.asked).toEqual(['acquire']);
      inner.resolve();
      await bench.clock.tick();
      expect(attempt.outcome).toBe('done');
    }
  });

  it('has failed where what unwrap gave fails', async () => {
    const bench = new Bench({ handle: () => 'observable', unwrap: () => Promise.reject(down) });
    const attempt = bench.attempt();
    await bench.clock.tick();
    expect(attempt.outcome).toBe(down);
    expect(bench.store.asked).toEqual(['acquire', 'release']);
  });

  it('is marked with the fifth try at the latest, after short waits', async () => {
    const bench = new Bench();
    const attempt = bench.attempt();
    await bench.clock.tick();
    let tries = 0;
    bench.store.before = (call) => {
      if (call === 'settle' && ++tries < 5) throw down;
    };
    const before = bench.clock.now();
    bench.runs[0]?.resolve(undefined);
    await bench.clock.advance(1_499);
    expect(attempt.outcome).toBeUndefined();
    await bench.clock.advance(1);
    expect(attempt.outcome).toBe('done');
    const at = bench.store.calls.filter(({ call }) => call === 'settle').map((call) => call.at - before);
    expect(at).toEqual([0, 100, 300, 700, 1_500]);
    expect(bench.unmarked).toEqual([]);
    expect(bench.clock.pending).toBe(0);
  });

  it('is done even where it cannot be marked, and that is told once', async () => {
    const bench = new Bench();
    const attempt = bench.attempt();
    await bench.clock.tick();
    bench.store.before = () => {
      throw down;
    };
    bench.runs[0]?.resolve(undefined);
    await bench.clock.advance(60_000);
    expect(attempt.outcome).toBe('done');
    expect(bench.store.asked.filter((call) => call === 'settle')).toHaveLength(5);
    expect(bench.unmarked).toEqual([down]);
    expect(bench.clock.pending).toBe(0);
  });

  it('takes a settled key for its own mark where the answer to a try was lost', async () => {
    const bench = new Bench();
    const attempt = bench.attempt();
    await bench.clock.tick();
    let lost = false;
    bench.store.before = (call) => {
      if (call !== 'settle' || lost) return;
      lost = true;
      bench.store.put('g:k', 'settled'); // it counted, and nobody heard
      throw down;
    };
    bench.runs[0]?.resolve(undefined);
    await bench.clock.advance(100);
    expect(attempt.outcome).toBe('done');
    expect(bench.unmarked).toEqual([]);
  });
});

describe('an attempt that is aborted', () => {
  it('does not wait for the store to give it the key, and gives back what comes late', async () => {
    const bench = new Bench();
    const acquiring = deferred();
    bench.store.before = (call) => (call === 'acquire' ? acquiring.promise : undefined);
    const attempt = bench.attempt();
    await bench.clock.tick();
    attempt.abort();
    await bench.clock.tick();
    expect(attempt.outcome).toMatchObject({ code: 'RETRY_LATER', cause: { message: 'aborted' } });
    acquiring.resolve();
    await bench.clock.tick();
    expect(bench.runs).toHaveLength(0);
    expect(bench.store.asked).toEqual(['acquire', 'release']);
    expect(bench.store.at('g:k')).toBeUndefined();
  });

  it('gives its key back without waiting for the answer', async () => {
    const bench = new Bench();
    bench.store.before = (call) => (call === 'release' ? new Promise(() => undefined) : undefined);
    const attempt = bench.attempt();
    await bench.clock.tick();
    attempt.abort();
    const error = new Error('aborted by its signal');
    bench.runs[0]?.reject(error);
    await bench.clock.tick();
    expect(attempt.outcome).toBe(error);
    expect(bench.store.asked).toEqual(['acquire', 'release']);
  });

  it('still marks what its handler has done, with one try', async () => {
    const bench = new Bench();
    const attempt = bench.attempt();
    await bench.clock.tick();
    attempt.abort();
    bench.runs[0]?.resolve(undefined);
    await bench.clock.tick();
    expect(attempt.outcome).toBe('done');
    expect(bench.store.at('g:k')).toMatchObject({ state: 'settled' });
  });

  it('ends its tries to mark, and says so', async () => {
    const bench = new Bench();
    const attempt = bench.attempt();
    await bench.clock.tick();
    bench.store.before = () => {
      throw down;
    };
    bench.runs[0]?.resolve(undefined);
    await bench.clock.tick();
    attempt.abort();
    await bench.clock.tick();
    expect(attempt.outcome).toBe('done');
    expect(bench.unmarked).toEqual([down]);
    expect(bench.store.asked.filter((call) => call === 'settle')).toHaveLength(2);
    expect(bench.clock.pending).toBe(0);
  });

  it('leaves no timer, at whichever moment the abort comes', async () => {
    for (let moment = 0; moment < 20; moment++) {
      const bench = new Bench();
      const acquiring = deferred();
      bench.store.before = () => acquiring.promise;
      const attempt = bench.attempt();
      await bench.clock.tick();
      acquiring.resolve();
      for (let i = 0; i < moment; i++) await Promise.resolve();
      attempt.abort();
      await bench.clock.tick();
      expect(bench.clock.pending).toBe(0);
    }
  });
});
