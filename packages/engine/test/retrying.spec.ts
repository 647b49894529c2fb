import { describe, expect, it } from '@jest/globals';
import {
  fixed,
  freeze,
  FreezeError,
  NonRetryableError,
  RetryLaterError,
  skip,
  SkipRecordError,
  type WorkerOptions,
} from '../src/index.js';
import { World } from './support/world.js';

const retry = { attempts: 3, backoff: fixed(1_000) };

describe('a failed attempt', () => {
  it('is made again after the backoff, in its lane, as often as attempts says', async () => {
    const world = new World();
    const a = await world.engine({ options: { retry, onFailure: skip(), commit: 'each' } });
    world.produce(2);
    await world.clock.tick();
    for (let attempt = 1; attempt <= 3; attempt++) {
      expect(a.calls.at(0).attempt).toBe(attempt);
      a.calls.fail(0, new Error(`no ${attempt}`));
      await world.clock.advance(999);
      if (attempt < 3) expect(a.calls.open).toEqual([]);
      await world.clock.advance(1);
    }
    expect(a.calls.started).toEqual(['0:0', '0:0', '0:0', '0:1']);
    expect(a.of('record.failed').map((e) => [e.attempt, e.retryInMs, e.error.message])).toEqual([
      [1, 1_000, 'no 1'],
      [2, 1_000, 'no 2'],
      [3, undefined, 'no 3'],
    ]);
    expect(a.of('record.settled')).toMatchObject([{ offset: 0, disposition: 'skipped', error: { message: 'no 3' } }]);
    expect(world.stored()?.offset).toBe(1);
  });

  it('gives its slot to others while it waits', async () => {
    const world = new World({ partitions: 2 });
    const a = await world.engine({ options: { retry, limit: 1 } });
    world.produce(1);
    world.produce(3, 1);
    await world.clock.tick();
    const first = a.calls.running[0]?.partition as number;
    a.calls.running[0]?.end.reject(new Error('no'));
    await world.clock.tick();
    expect(a.calls.running.map((call) => call.partition)).toEqual([1 - first]);
    expect(a.partition(first)).toMatchObject({ waiting: 1, running: 0, heldBy: { state: 'waiting', error: 'no' } });
    await world.clock.advance(1_000);
    expect(a.calls.running).toHaveLength(1);
  });

  it("keeps its slot with 'serial'", async () => {
    const world = new World({ partitions: 2 });
    const a = await world.engine({ options: { retry, concurrency: 'serial' } });
    world.produce(2);
    world.produce(2, 1);
    await world.clock.tick();
    const first = a.calls.open;
    a.calls.running[0]?.end.reject(new Error('no'));
    await world.clock.advance(999);
    expect(a.calls.open).toEqual([]);
    await world.clock.advance(1);
    expect(a.calls.open).toEqual(first);
  });

  it("with 'serial' lets others go on when its partition is paused meanwhile", async () => {
    const world = new World({ partitions: 2 });
    const a = await world.engine({ options: { retry, concurrency: 'serial' } });
    world.produce(2);
    world.produce(2, 1);
    await world.clock.tick();
    const partition = a.calls.running[0]?.partition as number;
    a.calls.running[0]?.end.reject(new Error('no'));
    await world.clock.tick();
    a.engine.pause({ topic: 't', partition });
    await world.clock.advance(1_000);
    expect(a.calls.open).toEqual([`${1 - partition}:0`]);
    a.engine.resume({ topic: 't', partition });
    await world.clock.tick();
    expect(a.calls.open).toEqual([`${1 - partition}:0`]);
    a.calls.finishAll();
    await world.clock.tick();
    expect(a.calls.running).toHaveLength(1);
  });

  it('is not held back by other lanes, nor holds them back', async () => {
    const world = new World();
    const a = await world.engine({ options: { retry, concurrency: 'key' } });
    world.produce(['x', 'y', 'x', 'y']);
    await world.clock.tick();
    a.calls.fail(0);
    a.calls.finish(1);
    await world.clock.tick();
    expect(a.calls.open).toEqual(['0:3']);
    await world.clock.advance(1_000);
    expect(a.calls.open).toEqual(['0:3', '0:0']);
  });

  it.each<[string, () => unknown, WorkerOptions]>([
    [
      'handlers that throw synchronously',
      () => {
        throw new Error('sync');
      },
      {},
    ],
    ['rejections with no error', () => Promise.reject('text'), {}],
    ['thenables', () => ({ then: (_: unknown, no: (e: unknown) => void) => no(new Error('thenable')) }), {}],
    [
      'retryIf that throws',
      () => {
        throw new Error('x');
      },
      {
        retry: {
          attempts: 3,
          retryIf: () => {
            throw new Error('y');
          },
        },
      },
    ],
  ])('is one too with %s', async (_name, handle, options) => {
    const world = new World();
    const a = await world.engine({ handle, options: { retry: { attempts: 1 }, ...options } });
    world.produce(1);
    await world.clock.tick();
    expect(a.of('record.failed')).toHaveLength(1);
    expect(a.of('record.failed')[0]?.error).toBeInstanceOf(Error);
    expect(a.partition().frozen).toHaveLength(1);
  });

  it('whose backoff throws or says nonsense is made again without a wait', async () => {
    for (const backoff of [
      () => Number.NaN,
      () => -5,
      (): number => {
        throw new Error('no');
      },
    ]) {
      const world = new World();
      const a = await world.engine({ options: { retry: { attempts: 2, backoff } } });
      world.produce(1);
      await world.clock.tick();
      a.calls.fail(0);
      await world.clock.tick();
      expect(a.calls.at(0).attempt).toBe(2);
    }
  });
});

describe('handlers that settle synchronously', () => {
  it('are as good as others, thenables too', async () => {
    const world = new World();
    let calls = 0;
    const handle = (): unknown => {
      calls++;
      return calls % 2 === 0 ? undefined : { then: (yes: () => void) => yes() };
    };
    const a = await world.engine({ handle, options: { limit: 2, concurrency: 'key' } });
    world.produce(Array.from({ length: 1_000 }, (_, i) => `k${i % 7}`));
    await world.clock.tick();
    expect(calls).toBe(1_000);
    expect(a.partition()).toMatchObject({ buffered: 0, frontier: 1_000, lanes: 0, running: 0, bufferedBytes: 0 });
  });
});

describe('an error that says what to do', () => {
  const run = async (error: Error, options: WorkerOptions = {}) => {
    const world = new World();
    const a = await world.engine({
      options: { retry, concurrency: 'key', onFailure: freeze('partition'), ...options },
    });
    world.produce(['x', 'y', 'x', 'z']);
    await world.clock.tick();
    a.calls.fail(0, error);
    await world.clock.tick();
    return { world, a };
  };

  it('SkipRecordError settles the record', async () => {
    const { a } = await run(new SkipRecordError('old'));
    expect(a.of('record.settled')).toMatchObject([{ offset: 0, disposition: 'skipped', error: { message: 'old' } }]);
    expect(a.calls.open).toContain('0:2');
  });

  it('NonRetryableError goes to onFailure at once', async () => {
    const { a } = await run(new NonRetryableError());
    expect(a.of('frozen')).toMatchObject([{ offset: 0, scope: 'partition', attempt: 1 }]);
  });

  it('FreezeError freezes what it says', async () => {
    const { a } = await run(new FreezeError('key'));
    expect(a.of('frozen')).toMatchObject([{ offset: 0, scope: 'key' }]);
  });

  it('RetryLaterError waits and does not count, however often', async () => {
    const { world, a } = await run(new RetryLaterError(5_000));
    for (let i = 0; i < 10; i++) {
      await world.clock.advance(4_999);
      expect(a.calls.open).not.toContain('0:0');
      await world.clock.advance(1);
      expect(a.calls.at(0).attempt).toBe(1);
      a.calls.fail(0, new RetryLaterError(5_000));
      await world.clock.tick();
    }
    expect(a.of('frozen')).toEqual([]);
  });

  it('retryIf false goes to onFailure at once', async () => {
    const { a } = await run(new TypeError('bug'), { retry: { ...retry, retryIf: (e) => !(e instanceof TypeError) } });
    expect(a.of('frozen')).toHaveLength(1);
  });
});
