import { describe, expect, it } from '@jest/globals';
import type { DriverConsumer, KafkaDriver, WorkerOptions } from '../src/index.js';
import type { Call } from './support/calls.js';
import { TransactionWorld } from './support/transactions.js';
import type { Member, MemberSetup } from './support/world.js';

const place = { topic: 't', partition: 0 };
const send = ({ delivery }: Call, value: string, topic = 'out'): void => delivery.send({ topic, value });
const answer = (call: Call): Promise<void> => Promise.resolve(send(call, `${call.offset}`));
const numbers = (n: number): string[] => Array.from({ length: n }, (_, i) => `${i}`);

function member(world: TransactionWorld, options: WorkerOptions = {}, setup: MemberSetup = {}): Promise<Member> {
  return world.engine({ driver: world.driver, ...setup, options: { ...world.options, ...options } });
}

describe('transactional partitions that move', () => {
  it('are committed by a drain, and closed behind it', async () => {
    const world = new TransactionWorld({ partitions: 3 });
    const a = await member(world, { commit: { intervalMs: 60_000 } });
    a.calls.respond = answer;
    for (const partition of [0, 1, 2]) world.produce(2, partition);
    await world.clock.tick();
    await world.drain(a);
    expect([...world.outputs].sort()).toEqual(['0', '0', '0', '1', '1', '1']);
    expect(world.producers.map(({ closed }) => closed)).toEqual([true, true, true]);
    expect(world.clock.pending).toBe(0);
  });

  it('are committed before they are given away, and those that stay keep what they have', async () => {
    const world = new TransactionWorld({ partitions: 2 });
    const a = await member(world, { commit: { intervalMs: 60_000 } });
    a.calls.respond = answer;
    for (const partition of [0, 1]) world.produce(2, partition);
    await world.clock.tick();
    const b = await member(world);
    await world.clock.advance(1_000);
    expect([a.held, b.held]).toEqual([[0], [1]]);
    expect([world.stored(0)?.offset, world.stored(1)?.offset]).toEqual([2, 2]);
    expect(b.calls.all).toEqual([]);
    expect(world.producers.map(({ id, closed }) => [id.at(-1), closed])).toEqual([
      ['0', false],
      ['1', true],
      ['1', false],
    ]);
  });

  it('keep their member alive while they are drained, though nothing else is committed', async () => {
    const world = new TransactionWorld({ partitions: 2 });
    const setup = { inMemory: { heartbeatsDuringRevoke: false }, sessionTimeoutMs: 9_000 };
    const a = await member(world, { commit: { intervalMs: 60_000 } }, setup);
    world.produce(2);
    await world.clock.tick();
    send(a.calls.at(1), '1');
    a.calls.finish(1);
    await member(world, {}, setup);
    await world.clock.advance(40_000);
    expect(a.of('group.lost')).toEqual([]);
    expect(world.sent).toEqual([]);
    send(a.calls.at(0), '0');
    a.calls.finish(0);
    await world.clock.advance(1_000);
    expect(world.outputs).toEqual(['1', '0']);
    expect(world.stored()).toEqual({ offset: 2, done: [] });
  });

  it('go on where somebody seeks, in a transaction, also where the last one is in doubt', async () => {
    for (const lost of [undefined, 'request', 'answer'] as const) {
      const world = new TransactionWorld();
      const a = await member(world, { limit: 1 });
      a.calls.respond = answer;
      world.produce(4);
      await world.clock.advance(100);
      if (lost !== undefined) world.cluster.faults.transaction({ lost });
      a.engine.pause();
      const sought = a.engine.seek(place, 1);
      sought.catch(() => undefined);
      await world.clock.advance(1_000);
      await sought.catch(() => undefined);
      expect(world.stored()).toEqual({ offset: 1, done: [] });
      a.engine.resume();
      await world.clock.advance(1_000);
      expect(world.outputs).toEqual([...numbers(4), '1', '2', '3']);
    }
  });

  it('leave no producer open where an assignment fails', async () => {
    const world = new TransactionWorld();
    let left = 1;
    const failing = (driver: KafkaDriver): KafkaDriver => ({
      ...world.driver(driver),
      createConsumer: (options) => {
        const consumer: DriverConsumer = driver.createConsumer(options);
        const committed = consumer.committed.bind(consumer);
        return Object.assign(consumer, {
          committed: (partitions: never) => (left-- > 0 ? Promise.reject(new Error('away')) : committed(partitions)),
        });
      },
    });
    await member(world, {}, { driver: failing });
    expect(world.producers.map(({ closed }) => closed)).toEqual([true]);
  });

  it('do not keep a drain from ending where the broker says nothing', async () => {
    const world = new TransactionWorld();
    const a = await member(world, {}, { shutdown: { graceMs: 1_000, forceMs: 1_000 } });
    a.calls.respond = answer;
    world.produce(1);
    await world.clock.tick();
    world.cluster.suspend(world.producers[0]?.client as never);
    await world.clock.advance(200);
    const drained = a.engine.drain();
    await world.clock.advance(30_000);
    expect(a.engine.state).toBe('STOPPED');
    await drained;
  });
});
