import { describe, expect, it } from '@jest/globals';
import { deferred } from '@kafka-worker/testing';
import { deadLetter, exactlyOnce, fixed, type WorkerOptions } from '../src/index.js';
import { FakeTransactionalStore, type FakeTransaction } from './support/fake-transactional-store.js';
import { Calls, type Call } from './support/calls.js';
import { seeded } from './support/random.js';
import { World } from './support/world.js';

const place = { groupId: 'g', topic: 't', partition: 0 };
const write = ({ delivery }: Call, text: string): void => (delivery.transaction as FakeTransaction).write(text);

function setUp(more: WorkerOptions = {}, partitions = 1) {
  const world = new World({ partitions });
  const store = new FakeTransactionalStore();
  const options: WorkerOptions = { delivery: exactlyOnce(store), concurrency: 'unordered', ...more };
  return { world, store, options };
}

describe('a partition that somebody else claims in the store', () => {
  it('stands, is claimed again, and goes on where the other one has come to', async () => {
    const { world, store, options } = setUp();
    const a = await world.engine({ options });
    world.produce(4);
    await world.clock.tick();
    const other = await store.claim(place);
    await other.transact(0, (transaction) => transaction.write('0 by another'));
    await other.transact(2, (transaction) => transaction.write('2 by another'));
    write(a.calls.at(1), '1 by us');
    a.calls.finish(1);
    await world.clock.tick();
    expect(a.of('position.held')).toMatchObject([{ reason: expect.stringContaining('somebody else') as unknown }]);
    expect(a.partition().held).toContain('somebody else');
    expect(a.calls.at(3).signal.reason).toMatchObject({ cause: 'lost' });
    a.calls.finish(3);
    await world.clock.advance(1_000);
    expect(a.of('claim.renewed')).toMatchObject([{ topic: 't', partition: 0, error: { code: 'STORE_FENCED' } }]);
    expect(a.partition().held).toBeUndefined();
    a.calls.respond = (call) => Promise.resolve(write(call, `${call.offset} by us`));
    for (const call of a.calls.running) call.end.resolve();
    await world.clock.advance(2_000);
    expect(store.effects.slice(0, 2)).toEqual(['0 by another', '2 by another']);
    expect(world.stored()?.offset).toBe(4);
    expect(store.position(place)).toEqual({ offset: 4, done: [] });
  });

  it('has the records of handlers that were told to stop for nobody to give up', async () => {
    const { world, store, options } = setUp({ retry: { attempts: 1 }, onFailure: deadLetter({ topic: 'dlq' }) });
    world.cluster.createTopic('dlq');
    const a = await world.engine({ options });
    world.produce(2);
    await world.clock.tick();
    await store.claim(place);
    a.calls.finish(0);
    await world.clock.tick();
    a.calls.fail(1, new Error('aborted'));
    await world.clock.tick();
    expect(world.cluster.records('dlq')).toEqual([]);
    await world.clock.advance(1_000);
    expect(a.calls.open).toEqual(['0:0', '0:1']);
    expect(a.calls.at(1).attempt).toBe(1);
  });

  it('sends no dead letter again while it stands', async () => {
    const { world, store, options } = setUp({ retry: { attempts: 1 }, onFailure: deadLetter({ topic: 'dlq' }) });
    world.cluster.createTopic('dlq');
    const a = await world.engine({ options });
    world.produce(2);
    await world.clock.tick();
    world.cluster.faults.produce();
    a.calls.fail(0);
    await world.clock.tick();
    expect(a.of('forward.failed')).toHaveLength(1);
    store.before = (step) => (step === 'claim' ? Promise.reject(new Error('away')) : undefined);
    await store.claim(place).catch(() => undefined);
    store.before = () => undefined;
    await store.claim(place);
    store.before = (step) => (step === 'claim' ? Promise.reject(new Error('away')) : undefined);
    a.calls.finish(1);
    await world.clock.advance(20_000);
    expect(a.partition().held).toBeDefined();
    expect(world.cluster.records('dlq')).toEqual([]);
  });

  it('is asked for longer and longer while the store is away, and given up with its member', async () => {
    const { world, store, options } = setUp();
    world.produce(1);
    store.before = (step) => {
      if (step === 'claim') throw new Error('away');
    };
    const a = await world.engine({ options });
    expect(a.partition().held).toContain('away');
    await world.clock.advance(60_000);
    const asked = store.steps.filter((step) => step === 'claim').length;
    expect(asked).toBeGreaterThan(4);
    expect(asked).toBeLessThan(9);
    expect(a.calls.all).toEqual([]);
    await world.drain(a);
    expect(world.clock.pending).toBe(0);
  });

  it('that could not be had at first is had later, and begins', async () => {
    const { world, store, options } = setUp();
    world.produce(1);
    let left = 2;
    store.before = (step) => {
      if (step === 'claim' && left-- > 0) throw new Error('away');
    };
    const a = await world.engine({ options });
    await world.clock.advance(3_000);
    expect(a.partition().held).toBeUndefined();
    expect(a.calls.open).toEqual(['0:0']);
  });

  it('does not hold the group up, nor a drain, where the store does not answer', async () => {
    const { world, store, options } = setUp({}, 2);
    const gate = deferred();
    store.before = (step, { partition }) => (step === 'claim' && partition === 1 ? gate.promise : undefined);
    world.produce(1);
    const a = await world.engine({ options });
    await world.clock.advance(5_000);
    expect(a.calls.open).toEqual(['0:0']);
    expect(a.partition(1).held).toContain('no answer');
    await world.clock.advance(1_000); // the next one is under way
    a.calls.finish(0);
    await world.drain(a);
    expect(a.engine.state).toBe('STOPPED');
    expect(world.clock.pending).toBe(0);
    gate.resolve();
    await world.clock.tick();
    expect(world.clock.pending).toBe(0);
  });

  it('keeps its pause', async () => {
    const { world, store, options } = setUp();
    const a = await world.engine({ options });
    world.produce(2);
    await world.clock.tick();
    a.engine.pause(place);
    await store.claim(place);
    a.calls.finish(0);
    await world.clock.advance(2_000);
    expect(a.of('claim.renewed')).toHaveLength(1);
    expect(a.partition().paused).toBe(true);
    expect(a.calls.started).toEqual(['0:0', '0:1']);
  });
});

describe('exactlyOnce(store) over crashes and rebalances', () => {
  it('has each effect once, and in the order of its key', async () => {
    for (let seed = 1; seed <= 6; seed++) {
      const random = seeded(seed);
      const pick = (n: number): number => Math.floor(random() * n);
      const concurrency = (['key', 'partition'] as const)[seed % 2] as 'key';
      const retry = { attempts: 50, backoff: fixed(20) };
      const { world, store, options } = setUp({ concurrency, retry, limit: 5, commit: { intervalMs: 200 } }, 2);
      const sleep = (ms: number): Promise<void> => new Promise((resolve) => world.clock.setTimer(resolve, ms));
      let chaos = true;
      store.before = async (step) => {
        if (chaos && random() < 0.3) await sleep(pick(40));
        if (chaos && random() < 0.03) throw new Error(`away at ${step}`);
        if (chaos && step === 'commit' && random() < 0.03) store.answersLost++;
      };
      const calls = new Calls();
      calls.respond = async (call) => {
        write(call, `${call.partition}/${call.key}/${call.offset}`);
        await sleep(pick(60));
        if (chaos && random() < 0.1) throw new Error('no');
      };
      const setup = { calls, options, inMemory: { incrementalRebalance: seed % 3 === 0 } };
      for (let step = 0; step < 15; step++) {
        for (const partition of [0, 1])
          world.produce(
            Array.from({ length: 8 }, () => `k${pick(3)}`),
            partition,
          );
        if (step % 2 === 0) {
          const made = world.make(setup);
          made.engine.start().catch(() => undefined);
        }
        await world.clock.advance(pick(300));
        const [first] = world.cluster.consumers('g');
        const dice = random();
        if (dice < 0.25 && first !== undefined) world.cluster.crash(first);
        else if (dice < 0.4) world.cluster.expireSession(world.cluster.group('g').members[0]?.memberId ?? '');
        else if (dice < 0.5) store.claim({ groupId: 'g', topic: 't', partition: pick(2) }).catch(() => undefined);
      }
      chaos = false;
      await world.engine(setup);
      await world.clock.advance(180_000);
      const expected = world.cluster.records('t').map((r) => `${r.partition}/${String(r.key)}/${r.offset}`);
      expect({ seed, effects: [...store.effects].sort() }).toEqual({ seed, effects: [...expected].sort() });
      const lane = (text: string): string => text.slice(0, concurrency === 'key' ? text.lastIndexOf('/') : 1);
      for (const key of new Set(expected.map(lane))) {
        const mine = store.effects.filter((text) => lane(text) === key);
        expect(mine).toEqual(expected.filter((text) => lane(text) === key));
      }
    }
  });
});
