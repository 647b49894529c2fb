import { describe, expect, it } from '@jest/globals';
import { deferred } from '@kafka-worker/testing';
import { deadLetter, exactlyOnce, fixed, freeze, skip, StoreFailedError, type WorkerOptions } from '../src/index.js';
import { FakeTransactionalStore, type FakeTransaction, type StoreStep } from './support/fake-transactional-store.js';
import type { Call } from './support/calls.js';
import { World, type MemberSetup, type Member } from './support/world.js';

const place = { groupId: 'g', topic: 't', partition: 0 };
const write = ({ delivery }: Call, text: string): void => (delivery.transaction as FakeTransaction).write(text);

class Shop {
  readonly world = new World();
  readonly store = new FakeTransactionalStore();

  member(options: WorkerOptions = {}, setup: MemberSetup = {}): Promise<Member> {
    const delivery = exactlyOnce(this.store);
    return this.world.engine({ ...setup, options: { delivery, concurrency: 'unordered', ...options } });
  }

  /** The next so many steps of a kind fail. */
  fail(step: StoreStep, times = 1): void {
    let left = times;
    this.store.before = (asked) => {
      if (asked === step && left-- > 0) throw new StoreFailedError('the store is away');
    };
  }
}

describe('exactlyOnce(store)', () => {
  it('writes what the handler does and that the record is settled in one transaction', async () => {
    const shop = new Shop();
    const { world, store } = shop;
    const a = await shop.member({ commit: { intervalMs: 60_000 } });
    world.produce(3);
    await world.clock.tick();
    for (const call of a.calls.running) write(call, `of ${call.offset}`);
    a.calls.finish(1);
    await world.clock.tick();
    expect(store.effects).toEqual(['of 1']);
    expect(store.position(place)?.done).toEqual([{ from: 1, to: 2 }]);
    expect(world.stored()).toBeUndefined();
    expect(a.of('record.settled')).toMatchObject([{ offset: 1, disposition: 'done' }]);
  });

  it('rolls an attempt that fails back, and gives the next one a transaction of its own', async () => {
    const shop = new Shop();
    const a = await shop.member({ retry: { attempts: 2, backoff: fixed(100) } });
    shop.world.produce(1);
    await shop.world.clock.tick();
    const first = a.calls.at(0);
    write(first, 'first');
    a.calls.fail(0);
    await shop.world.clock.advance(100);
    expect(first.delivery.transaction).toBeUndefined();
    write(a.calls.at(0), 'second');
    a.calls.finish(0);
    await shop.world.clock.tick();
    expect(shop.store.effects).toEqual(['second']);
  });

  it('starts where the store says, whatever Kafka has', async () => {
    const shop = new Shop();
    const a = await shop.member({ commit: { intervalMs: 600_000 } });
    a.calls.respond = (call) => Promise.resolve(write(call, `${call.offset}`));
    shop.world.produce(20);
    await shop.world.clock.tick();
    shop.world.cluster.crash(shop.world.cluster.consumers()[0] as never);
    const b = await shop.member();
    b.calls.respond = a.calls.respond;
    shop.world.produce(2);
    await shop.world.clock.advance(60_000);
    expect(shop.store.effects).toEqual(Array.from({ length: 22 }, (_, i) => `${i}`));
    expect(b.calls.all.map(({ offset }) => offset)).toEqual([20, 21]);
    expect(shop.world.stored()).toEqual({ offset: 22, done: [] });
  });

  it('starts where the group is or where it begins, as long as the store knows nothing, and has the store know it', async () => {
    for (const startFrom of ['latest', 'beginning'] as const) {
      const shop = new Shop();
      shop.world.produce(10);
      if (startFrom === 'beginning') {
        const before = await shop.world.engine({ options: { concurrency: 'unordered' } });
        for (const offset of [0, 1, 2, 3, 4]) before.calls.finish(offset);
        await shop.world.drain(before);
      }
      const a = await shop.member({ commit: { intervalMs: 600_000 } }, { startFrom });
      shop.world.produce(1);
      await shop.world.clock.tick();
      const start = startFrom === 'latest' ? 10 : 5;
      expect(a.calls.open[0]).toBe(`0:${start}`);
      a.calls.finish(10);
      await shop.world.clock.tick();
      shop.world.cluster.crash(shop.world.cluster.consumers()[0] as never);
      const b = await shop.member({}, { startFrom });
      await shop.world.clock.advance(60_000);
      // nothing was advanced before the crash, and what lies below the start is not begun again
      expect(b.calls.all.map(({ offset }) => offset)).toEqual(startFrom === 'latest' ? [] : [5, 6, 7, 8, 9]);
    }
  });

  it('takes a record that was settled before for done, without its effect', async () => {
    const shop = new Shop();
    const a = await shop.member({ retry: { attempts: 1 } });
    a.calls.respond = (call) => Promise.resolve(write(call, `${call.offset} by attempt ${call.attempt}`));
    shop.store.answersLost = 1;
    shop.world.produce(1);
    await shop.world.clock.tick();
    expect(a.of('record.failed')).toMatchObject([{ error: { code: 'STORE_FAILED' }, retryInMs: 1_000 }]);
    await shop.world.clock.advance(1_000);
    expect(shop.store.effects).toEqual(['0 by attempt 1']);
    expect(a.of('record.settled')).toMatchObject([{ disposition: 'done' }]);
    expect(a.calls.all).toHaveLength(2);
  });

  it('does not count an attempt that the store has failed', async () => {
    const shop = new Shop();
    const a = await shop.member({ retry: { attempts: 1 }, onFailure: skip() });
    a.calls.respond = (call) => Promise.resolve(write(call, 'x'));
    shop.fail('begin', 5);
    shop.world.produce(1);
    await shop.world.clock.advance(4_999);
    expect(a.calls.all).toEqual([]);
    await shop.world.clock.advance(1);
    expect(a.calls.all).toMatchObject([{ attempt: 1 }]);
    expect(shop.store.effects).toEqual(['x']);
    expect(a.engine.inspect().groups[0]?.workers[0]?.dispositions).toMatchObject({ done: 1, skipped: 0 });
  });

  it('rolls back what a handler does that comes to its end after its time', async () => {
    const shop = new Shop();
    const a = await shop.member({ timeoutMs: 1_000, retry: { attempts: 2, backoff: fixed(10) } });
    shop.world.produce(1);
    await shop.world.clock.advance(1_000);
    const first = a.calls.at(0);
    write(first, 'late');
    await shop.world.clock.advance(5_010);
    expect(a.calls.running).toHaveLength(2);
    first.end.resolve();
    await shop.world.clock.tick();
    expect(shop.store.effects).toEqual([]);
    write(a.calls.running.at(-1) as Call, 'in time');
    a.calls.finishAll();
    await shop.world.clock.tick();
    expect(shop.store.effects).toEqual(['in time']);
    expect(a.of('record.settled')).toMatchObject([{ disposition: 'done' }]);
  });

  it('waits inside of the transaction for what unwrap makes of the handler value', async () => {
    const shop = new Shop();
    const { world, store } = shop;
    const unwrap = (value: unknown): Promise<void> => (value as () => Promise<void>)();
    const handle =
      ({ transaction }: { transaction: unknown }) =>
      async () => {
        await new Promise<void>((resolve) => world.clock.setTimer(resolve, 100));
        (transaction as FakeTransaction).write('observed');
      };
    const options = { delivery: exactlyOnce(store) };
    await world.engine({ workers: [{ id: 'w', groupId: 'g', topics: ['t'], options, handle, unwrap }] });
    world.produce(1);
    await world.clock.advance(99);
    expect(store.effects).toEqual([]);
    await world.clock.advance(1);
    expect(store.effects).toEqual(['observed']);
  });

  it('refuses seek, commit() and send()', async () => {
    const shop = new Shop();
    const a = await shop.member();
    shop.world.produce(1);
    await shop.world.clock.tick();
    await expect(a.engine.seek(place, 0)).rejects.toMatchObject({ code: 'NOT_TRANSACTIONAL' });
    await expect(a.calls.at(0).delivery.commit()).rejects.toMatchObject({ code: 'NOT_TRANSACTIONAL' });
    expect(() => a.calls.at(0).delivery.send([])).toThrow(expect.objectContaining({ code: 'NOT_TRANSACTIONAL' }));
  });

  it('commits on where the store does not answer what it is told of that, and then tells it the last of it', async () => {
    const shop = new Shop();
    const a = await shop.member({ commit: { intervalMs: 100 } });
    const answer = deferred();
    const told: (number | undefined)[] = [];
    shop.store.before = (step, { offset }) => {
      if (step !== 'advance') return undefined;
      told.push(offset);
      return answer.promise;
    };
    shop.world.produce(4);
    for (const offset of [0, 1, 2]) {
      await shop.world.clock.tick();
      a.calls.finish(offset);
      await shop.world.clock.advance(100);
      expect(shop.world.stored()).toEqual({ offset: offset + 1, done: [] });
    }
    expect(told).toEqual([1]);
    answer.resolve();
    await shop.world.clock.tick();
    expect(told).toEqual([1, 3]);
    expect(shop.store.position(place)).toEqual({ offset: 3, done: [] });
  });

  it('opens the store with the engine and closes it behind the last record', async () => {
    const shop = new Shop();
    const a = await shop.member();
    shop.world.produce(1);
    await shop.world.clock.tick();
    write(a.calls.at(0), 'last');
    a.calls.finish(0);
    await shop.world.drain(a);
    expect(shop.store).toMatchObject({ effects: ['last'], closed: true });
    expect(shop.store.steps).toEqual(['open', 'claim', 'advance', 'begin', 'commit', 'advance']);
    expect(shop.world.clock.pending).toBe(0);
  });
});

describe('exactlyOnce(store) and records that are given up', () => {
  const once = { retry: { attempts: 1 } };

  it('marks what is skipped, by the policy or an operator', async () => {
    const shop = new Shop();
    const a = await shop.member({ ...once, concurrency: 'partition' });
    shop.world.produce(3);
    await shop.world.clock.tick();
    a.calls.fail(0);
    await shop.world.clock.tick();
    a.engine.unfreeze({}, { skip: true });
    await shop.world.clock.tick();
    expect(shop.store.position(place)?.done).toEqual([{ from: 0, to: 1 }]);
    expect(a.calls.open).toEqual(['0:1']);
    expect(a.of('record.settled')).toMatchObject([{ offset: 0, disposition: 'skipped' }]);
  });

  it('marks a parked record that is skipped, and handles the rest of its key', async () => {
    const shop = new Shop();
    const a = await shop.member({ ...once, concurrency: 'key', onFailure: freeze('key') });
    shop.world.produce(['x', 'x', 'x']);
    await shop.world.clock.tick();
    a.calls.fail(0);
    await shop.world.clock.tick();
    a.engine.skip(place);
    await shop.world.clock.tick();
    a.calls.finish(1);
    await shop.world.clock.tick();
    expect(a.calls.open).toEqual(['0:2']);
    expect(shop.store.position(place)?.done).toEqual([{ from: 0, to: 2 }]);
    expect(a.partition()).toMatchObject({ parked: 0, buffered: 1, bufferedBytes: 202 });
  });

  it('marks what is dead-lettered behind the acknowledgement, and does not send it again where the mark fails', async () => {
    const shop = new Shop();
    shop.world.cluster.createTopic('dlq');
    const a = await shop.member({ ...once, concurrency: 'partition', onFailure: deadLetter({ topic: 'dlq' }) });
    shop.world.produce(2);
    await shop.world.clock.tick();
    shop.fail('commit', 3);
    a.calls.fail(0);
    await shop.world.clock.tick();
    expect(a.of('forward.failed')).toMatchObject([{ offset: 0, error: { code: 'DEAD_LETTER_FAILED' } }]);
    expect(a.calls.open).toEqual([]);
    await shop.world.clock.advance(10_000);
    expect(shop.world.cluster.records('dlq').map(({ offset }) => offset)).toEqual([0]);
    expect(a.of('record.settled')).toMatchObject([{ disposition: 'dead-lettered', to: { topic: 'dlq', offset: 0 } }]);
    expect(a.calls.open).toEqual(['0:1']);
  });

  it('tries to mark for as long as it takes: the handler gets nothing again that was decided', async () => {
    const shop = new Shop();
    shop.world.cluster.createTopic('dlq');
    const a = await shop.member({ ...once, concurrency: 'partition', onFailure: deadLetter({ topic: 'dlq' }) });
    shop.world.produce(1);
    await shop.world.clock.tick();
    shop.fail('begin', 20);
    a.calls.fail(0);
    await shop.world.clock.advance(100_000);
    expect(a.partition()).toMatchObject({ frontier: 0, frozen: [] });
    await shop.world.clock.advance(200_000);
    expect(a.of('forward.failed')).toHaveLength(20);
    expect(a.of('frozen')).toEqual([]);
    expect(a.calls.all).toHaveLength(1);
    expect(shop.world.cluster.records('dlq')).toHaveLength(1);
    expect(a.of('record.settled')).toMatchObject([{ offset: 0, disposition: 'dead-lettered' }]);
  });
});
