import { describe, expect, it } from '@jest/globals';
import { combineInstrumentations, deadLetter, fixed, freeze, type Delivery } from '../src/index.js';
import { letters } from './support/letters.js';
import { Onlooker } from './support/onlooker.js';
import { World } from './support/world.js';

describe('what looks on', () => {
  it('stands around every attempt until its handler has settled', async () => {
    const world = new World();
    const eye = new Onlooker();
    const a = await world.engine({ instrumentation: [eye], options: { concurrency: 'partition' } });
    world.produce(2);
    await world.clock.tick();
    await world.clock.advance(30);
    expect(eye.told).toEqual(['attached', 'batch 0+2', 'attempt 0#1 of batch 0', 'in 0#1', 'out 0#1']);
    a.calls.finish(0);
    await world.clock.tick();
    expect(eye.told.slice(5)).toEqual([
      'ended 0#1',
      'took 0 30, queued 0',
      'attempt 1#1 of batch 0',
      'in 1#1',
      'out 1#1',
    ]);
    await world.clock.advance(20);
    a.calls.finish(1);
    await world.clock.tick();
    expect(eye.told.slice(10)).toEqual(['ended 1#1', 'took 1 20, queued 30', 'batch 0 over']);
    await world.drain(a);
    expect(eye.told.at(-1)).toBe('detached');
  });

  it('is told of every attempt, with what it failed for, and of a copy within the attempt it is made of', async () => {
    const world = new World();
    world.cluster.createTopic('dlq');
    world.forwards.add('dlq');
    const eye = new Onlooker();
    const a = await world.engine({
      instrumentation: [eye],
      options: { retry: { attempts: 2, backoff: fixed(100) }, onFailure: deadLetter({ topic: 'dlq' }) },
    });
    world.produce(1);
    await world.clock.tick();
    a.calls.fail(0, new Error('first'));
    await world.clock.advance(100);
    a.calls.fail(0, new TypeError('second'));
    await world.clock.tick();
    expect(eye.told.filter((line) => !line.startsWith('in') && !line.startsWith('out'))).toEqual([
      ...['attached', 'batch 0+1', 'attempt 0#1 of batch 0', 'ended 0#1: first', 'took 0 0, queued 0 Error'],
      ...['attempt 0#2 of batch 0', 'ended 0#2: second', 'took 0 0 TypeError', 'sending dlq of its attempt'],
      ...['sent', 'batch 0 over'],
    ]);
    expect(letters(world.cluster)[0]?.headers['mark']).toBe('yes');
  });

  it('ends an attempt that was given up, and is not told of what its handler says later', async () => {
    const world = new World();
    const eye = new Onlooker();
    const a = await world.engine({ instrumentation: [eye], options: { timeoutMs: 50, retry: { attempts: 1 } } });
    world.produce(1);
    await world.clock.tick();
    await world.clock.advance(50 + 5_000);
    expect(eye.told).toContain('ended 0#1: attempt 1 ran longer than 50 ms');
    const before = eye.told.length;
    a.calls.finish(0);
    await world.clock.tick();
    expect(eye.told.slice(before)).toEqual([]);
  });

  it('ends attempts that a shutdown leaves behind, once', async () => {
    const world = new World();
    const eye = new Onlooker();
    const a = await world.engine({ instrumentation: [eye], shutdown: { graceMs: 10, forceMs: 10 } });
    world.produce(1);
    await world.clock.tick();
    await world.drain(a);
    const ends = (): string[] => eye.told.filter((line) => line.startsWith('ended') || line.startsWith('batch 0 over'));
    expect(ends()).toEqual(['batch 0 over', 'ended 0#1: the result of this attempt does not count any more: shutdown']);
    a.calls.finish(0);
    await world.clock.tick();
    expect(ends()).toHaveLength(2);
  });

  it('gets each stretch of records as it was taken, and its end where the partition goes', async () => {
    const world = new World();
    const eye = new Onlooker();
    const a = await world.engine({
      instrumentation: [eye],
      options: { concurrency: 'unordered', buffer: { records: 4 }, limit: 4 },
    });
    world.produce(6);
    await world.clock.tick();
    const batches = (): string[] => eye.told.filter((line) => line.startsWith('batch'));
    expect(batches()).toEqual(['batch 0+4']);
    for (const offset of [0, 1]) a.calls.finish(offset);
    await world.clock.tick();
    a.calls.finish(2);
    await world.clock.tick();
    expect(batches()).toEqual(['batch 0+4', 'batch 4+2']);
    await world.clock.runUntil(a.engine.seek({ topic: 't', partition: 0 }, 6));
    expect(batches().slice(2)).toEqual(['batch 0 over', 'batch 4 over']);
  });

  it('nests in the order given; each gets its own scopes back, and a trace is told to the handler', async () => {
    const world = new World();
    world.cluster.createTopic('dlq');
    world.forwards.add('dlq');
    const outer = new Onlooker('outer ');
    const inner = new Onlooker('inner ', 'a'.repeat(32));
    const line: string[] = [];
    for (const eye of [outer, inner]) eye.told.push = (...lines) => line.push(...lines);
    let seen: Delivery | undefined;
    const a = await world.engine({
      instrumentation: [outer, { event: () => undefined }, inner],
      handle: (delivery) => {
        seen = delivery;
        throw new Error('no');
      },
      options: { retry: { attempts: 1 }, onFailure: deadLetter({ topic: 'dlq' }) },
    });
    world.produce(1);
    await world.clock.tick();
    expect(seen?.traceId).toBe('a'.repeat(32));
    expect(line.filter((one) => /in|out|sending|over/.test(one))).toEqual([
      ...['outer in 0#1', 'inner in 0#1'],
      ...['sending dlq of its attempt', 'sending dlq of its attempt', 'batch 0 over', 'batch 0 over'],
    ]);
    expect(letters(world.cluster)[0]?.headers).toMatchObject({ 'outer mark': 'yes', 'inner mark': 'yes' });
    await world.drain(a);
  });

  it('stands around what the result of a handler sets off too, and nothing where that is no object', async () => {
    const world = new World();
    const outer = new Onlooker('outer ');
    const inner = new Onlooker('inner ');
    const line: string[] = [];
    for (const eye of [outer, inner]) eye.told.push = (...lines) => line.push(...lines);
    await world.engine({
      instrumentation: [outer, inner],
      workers: [
        {
          id: 'w',
          groupId: 'g',
          topics: ['t'],
          handle: async ({ record }) => (record.offset === 0 ? { later: true } : 'now'),
          unwrap: (value) => (line.push(`unwrap ${typeof value}`), undefined),
        },
      ],
    });
    world.produce(2);
    await world.clock.tick();
    expect(line.filter((one) => /back|unwrap/.test(one))).toEqual([
      ...['outer back in 0#1', 'inner back in 0#1', 'unwrap object', 'inner back out 0#1', 'outer back out 0#1'],
      'unwrap string',
    ]);
  });

  it('of nothing is nothing', () => {
    expect(combineInstrumentations([])).toBeUndefined();
    const eye = new Onlooker();
    expect(combineInstrumentations([eye])).toBe(eye);
    const events = combineInstrumentations([{ event: () => undefined }, { attached: () => undefined }]);
    expect(events?.attempt ?? events?.batch ?? events?.sending ?? events?.attemptEnded).toBeUndefined();
  });
});

describe('figures', () => {
  it('count what became of records for each topic, over all assignments, and say what partitions hold', async () => {
    const world = new World({ partitions: 2 });
    const a = await world.engine({
      options: { concurrency: 'key', retry: { attempts: 2, backoff: fixed(10) }, onFailure: freeze('key') },
    });
    world.produce(['k', 'l'], 0);
    await world.clock.tick();
    a.calls.finish(1);
    a.calls.fail(0, new Error('no'));
    await world.clock.advance(10);
    a.calls.fail(0, new Error('no'));
    await world.clock.advance(90);
    const { topics, partitions } = a.engine.stats();
    const none = { skipped: 0, 'dead-lettered': 0, 'retried-later': 0, abandoned: 0 };
    const dispositions = { ...none, done: 1, frozen: 1 };
    expect(topics).toEqual([{ worker: 'w', groupId: 'g', topic: 't', dispositions, retries: 1, redeliveredDone: 0 }]);
    expect(partitions.find(({ partition }) => partition === 0)).toEqual({
      ...{ worker: 'w', groupId: 'g', topic: 't', partition: 0, running: 0, buffered: 1, bufferedBytes: 202 },
      ...{ lanes: 1, lag: 2, oldestUnsettledMs: 100, frozen: 1, paused: false },
      mapChars: expect.any(Number),
    });
    await world.clock.runUntil(a.engine.seek({ topic: 't', partition: 0 }, 2));
    expect(a.engine.stats().topics[0]?.dispositions).toEqual({ ...dispositions, abandoned: 1 });
    expect(a.engine.inspect().groups[0]?.workers[0]?.dispositions).toEqual({ ...dispositions, abandoned: 1 });
  });
});

describe('an operator', () => {
  it('freezes partitions until they are unfrozen, whatever is resumed meanwhile; what runs finishes', async () => {
    const world = new World({ partitions: 2 });
    const a = await world.engine({ options: { concurrency: 'partition', commit: 'each' } });
    for (const partition of [0, 1]) world.produce(3, partition);
    await world.clock.tick();
    const clock = world.clock.now();
    a.engine.freeze({ topic: 't', partition: 0 });
    a.engine.freeze({ topic: 't', partition: 0 }); // no second event
    a.engine.resume();
    a.calls.finishAll();
    await world.clock.tick();
    expect(a.calls.open).toEqual(['1:1']);
    expect(world.stored(0)?.offset).toBe(1);
    expect(a.partition(0).frozen).toEqual([
      { scope: 'partition', reason: 'operator', offset: 1, key: null, error: expect.any(String), since: clock },
    ]);
    expect(a.engine.stats().partitions.map(({ frozen }) => frozen)).toEqual([1, 0]);
    expect(a.of('frozen')).toHaveLength(1);
    expect(a.of('frozen')[0]).toMatchObject({ offset: 0, scope: 'partition', reason: 'operator' });
    await world.clock.runUntil(a.engine.seek({ topic: 't', partition: 0 }, 2));
    await world.clock.tick();
    expect(a.calls.open).toEqual(['1:1']); // it stands where it was sent, too
    a.engine.unfreeze({ partition: 0, topic: 't' });
    await world.clock.tick();
    expect(a.calls.open.sort()).toEqual(['0:2', '1:1']);
    expect(a.of('unfrozen')).toMatchObject([{ offset: 2, scope: 'partition', skipped: false, by: 'operator' }]);
  });

  it('changes a limit: more start at once, and what runs above a lower one finishes', async () => {
    const world = new World();
    const a = await world.engine({ options: { concurrency: 'unordered', limit: 2 } });
    world.produce(20);
    await world.clock.tick();
    const running = (): number => a.engine.inspect().running;
    expect(running()).toBe(2);
    a.engine.setLimit({ worker: 'w' }, 5);
    expect(running()).toBe(5);
    a.engine.setLimit({}, 1);
    for (const offset of [0, 1, 2, 3]) a.calls.finish(offset);
    await world.clock.tick();
    expect(running()).toBe(1);
    a.calls.finish(4);
    await world.clock.tick();
    expect(a.calls.open).toEqual(['0:5']);
    expect(a.engine.inspect().groups[0]?.workers[0]?.limit).toBe(1);
    expect(a.of('limit.changed').map(({ worker, limit }) => `${worker} ${limit}`)).toEqual(['w 5', 'w 1']);
  });

  it.each([0, -1, 1.5, Number.NaN])('cannot set a limit of %d', async (limit) => {
    const a = await new World().engine();
    expect(() => a.engine.setLimit({}, limit)).toThrow(`${limit} is not allowed; a whole number of 1 or more is`);
    expect(() => a.engine.setLimit({ worker: 'x' }, 1)).toThrow(expect.objectContaining({ code: 'UNKNOWN_TARGET' }));
  });

  it('cannot run a serial worker twice at once', async () => {
    const a = await new World().engine({ options: { concurrency: 'serial' } });
    expect(() => a.engine.setLimit({}, 2)).toThrow("2 is not allowed with 'serial'; 1 is");
  });
});
