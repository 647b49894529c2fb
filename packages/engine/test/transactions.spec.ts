import { describe, expect, it } from '@jest/globals';
import { deadLetter, fixed, freeze, retryTopics, type WorkerOptions } from '../src/index.js';
import type { Call } from './support/calls.js';
import { TransactionWorld } from './support/transactions.js';
import type { Member, MemberSetup } from './support/world.js';

const place = { topic: 't', partition: 0 };
const send = ({ delivery }: Call, value: string): void => delivery.send({ topic: 'out', value });
/** Sends its offset and is done. */
const answer = (call: Call): Promise<void> => Promise.resolve(send(call, `${call.offset}`));

function member(world: TransactionWorld, options: WorkerOptions = {}, setup: MemberSetup = {}): Promise<Member> {
  return world.engine({ driver: world.driver, ...setup, options: { ...world.options, ...options } });
}

describe('transactional()', () => {
  it('has what a handler sends and its offset appear together', async () => {
    const world = new TransactionWorld();
    const a = await member(world);
    world.produce(2);
    await world.clock.tick();
    send(a.calls.at(0), 'of 0');
    send(a.calls.at(1), 'of 1');
    a.calls.finish(0);
    await world.clock.advance(99);
    expect([world.outputs, world.stored()]).toEqual([[], undefined]);
    world.cluster.faults.transaction({ commitDelayMs: 10 });
    await world.clock.advance(10);
    expect([world.outputs, world.stored()]).toEqual([[], undefined]); // all is written, nothing is committed
    await world.clock.advance(1);
    expect([world.outputs, world.stored()]).toEqual([['of 0'], { offset: 1, done: [] }]);
    expect(a.partition().committed).toBe(1);
    expect(world.cluster.commits).toEqual([]);
  });

  it('has many records share a transaction, in the order in which they were done, and no lane wait for it', async () => {
    const world = new TransactionWorld();
    const a = await member(world, { limit: 10, concurrency: 'key' });
    a.calls.respond = answer;
    world.produce(Array.from({ length: 40 }, (_, i) => `k${i % 4}`));
    await world.clock.tick();
    expect(a.calls.all).toHaveLength(40);
    await world.clock.advance(100);
    expect(world.sent).toMatchObject([{ groupId: 'g', offsets: [{ topic: 't', partition: 0, offset: 40 }] }]);
    world.cluster.faults.transaction({ commitDelayMs: 5_000 });
    world.produce(10);
    await world.clock.advance(200);
    world.produce(10);
    await world.clock.advance(4_000);
    expect(a.calls.all).toHaveLength(60);
    expect(world.outputs).toHaveLength(40);
    await world.clock.advance(2_000);
    expect(world.outputs).toEqual(Array.from({ length: 60 }, (_, i) => `${i}`));
    expect(world.sent.map(({ records }) => records.length)).toEqual([40, 10, 10]);
  });

  it('makes a transaction after so many records, and none where nothing is settled', async () => {
    const world = new TransactionWorld();
    const a = await member(world, { commit: { records: 3, intervalMs: Infinity } });
    a.calls.respond = answer;
    world.produce(2);
    await world.clock.advance(60_000);
    expect(world.sent).toEqual([]);
    world.produce(1);
    await world.clock.tick();
    expect(world.outputs).toEqual(['0', '1', '2']);
    await world.clock.advance(60_000);
    expect(world.sent).toHaveLength(1);
  });

  it('commits the offset of a handler that sends nothing', async () => {
    const world = new TransactionWorld();
    const a = await member(world);
    a.calls.respond = () => Promise.resolve();
    world.produce(3);
    await world.clock.advance(100);
    expect(world.sent).toMatchObject([{ records: [] }]);
    expect(world.stored()).toEqual({ offset: 3, done: [] });
  });

  it('drops what a failed attempt has sent', async () => {
    const world = new TransactionWorld();
    const a = await member(world, { retry: { attempts: 2, backoff: fixed(10) } });
    world.produce(1);
    await world.clock.tick();
    send(a.calls.at(0), 'first');
    a.calls.fail(0);
    await world.clock.advance(10);
    send(a.calls.at(0), 'second');
    a.calls.finish(0);
    await world.clock.advance(100);
    expect(world.outputs).toEqual(['second']);
  });

  it('drops what comes after a timeout, and refuses what comes after the end', async () => {
    const world = new TransactionWorld();
    const a = await member(world, { timeoutMs: 1_000, retry: { attempts: 2, backoff: fixed(10) } });
    world.produce(2);
    await world.clock.advance(1_000);
    const late = a.calls.at(0);
    send(late, 'too late');
    await world.clock.advance(5_010);
    expect(() => send(late, 'later')).toThrow(expect.objectContaining({ code: 'NOT_RUNNING' }));
    const again = a.calls.running.filter(({ attempt }) => attempt === 2);
    for (const call of again) send(call, `${call.offset}`);
    for (const call of again) call.end.resolve();
    await world.clock.advance(100);
    expect(() => send(again[0] as Call, 'after the end')).toThrow(expect.objectContaining({ code: 'NOT_RUNNING' }));
    expect(world.outputs).toEqual(['0', '1']);
  });

  it('remembers what is done above the frontier, for the next owner too', async () => {
    const world = new TransactionWorld();
    const a = await member(world);
    world.produce(4);
    await world.clock.tick();
    for (const offset of [1, 3]) {
      send(a.calls.at(offset), `${offset}`);
      a.calls.finish(offset);
    }
    await world.clock.advance(100);
    expect(world.stored()).toMatchObject({ offset: 0, done: [{ from: 1, to: 2 }, { from: 3, to: 4 }] }); // prettier-ignore
    await world.drain(a);
    const b = await member(world);
    b.calls.respond = answer;
    for (const call of b.calls.running) {
      send(call, `${call.offset}`);
      call.end.resolve();
    }
    await world.clock.advance(100);
    expect(world.outputs).toEqual(['1', '3', '0', '2']);
  });

  it('starts nothing more when transactions fail for so long that its outputs would fill the memory', async () => {
    const world = new TransactionWorld();
    const a = await member(world, { buffer: { records: 5 }, limit: 2 });
    a.calls.respond = answer;
    world.cluster.faults.transaction({ refused: true, times: 20 });
    world.produce(200);
    await world.clock.advance(5_000);
    expect(a.calls.all.length).toBeGreaterThanOrEqual(50);
    expect(a.calls.all.length).toBeLessThanOrEqual(52);
    world.cluster.faults.clear();
    await world.clock.advance(2_000);
    expect(world.outputs).toEqual(Array.from({ length: 200 }, (_, i) => `${i}`));
  });

  it('refuses commit() and engine.commit', async () => {
    const world = new TransactionWorld();
    const a = await member(world);
    world.produce(1);
    await world.clock.tick();
    await expect(a.calls.at(0).delivery.commit()).rejects.toMatchObject({ code: 'NOT_TRANSACTIONAL' });
    await expect(a.engine.commit()).rejects.toMatchObject({ code: 'NOT_TRANSACTIONAL' });
  });
});

describe('transactional() and records that are given up', () => {
  const options: WorkerOptions = { retry: { attempts: 1 }, concurrency: 'partition' };

  it('has dead letters in the transaction that passes their records', async () => {
    const world = new TransactionWorld();
    world.cluster.createTopic('dlq');
    const a = await member(world, { ...options, onFailure: deadLetter({ topic: 'dlq' }) });
    world.produce(2);
    await world.clock.tick();
    send(a.calls.at(0), 'of the failed');
    a.calls.fail(0);
    await world.clock.tick();
    expect(a.of('record.settled')).toMatchObject([{ disposition: 'dead-lettered', offset: 0 }]);
    expect(a.calls.open).toEqual(['0:1']); // nobody waits
    expect(world.cluster.records('dlq')).toEqual([]);
    send(a.calls.at(1), '1');
    a.calls.finish(1);
    world.cluster.faults.transaction({ refused: true });
    await world.clock.advance(100);
    expect([world.outputs, world.cluster.records('dlq'), world.stored()]).toEqual([[], [], undefined]);
    await world.clock.advance(500);
    expect(world.outputs).toEqual(['1']);
    expect(world.cluster.records('dlq')).toHaveLength(1);
    expect(world.stored()).toEqual({ offset: 2, done: [] });
  });

  it('has copies for retry topics in it, and reads those in transactions of their own', async () => {
    const world = new TransactionWorld();
    const policy = retryTopics([1_000], freeze(), { create: true });
    const a = await member(world, { ...options, onFailure: policy });
    world.produce(1);
    await world.clock.tick();
    a.calls.fail(0);
    await world.clock.advance(100);
    expect(world.cluster.records('t.g.retry-1000')).toHaveLength(1);
    expect(world.stored()).toEqual({ offset: 1, done: [] });
    await world.clock.advance(1_000);
    const call = a.calls.running[0] as Call;
    expect(call).toMatchObject({ topic: 't.g.retry-1000', offset: 0 });
    send(call, 'retried');
    call.end.resolve();
    await world.clock.advance(100);
    expect(world.outputs).toEqual(['retried']);
    expect(world.stored(0, 'g', 't.g.retry-1000')?.offset).toBe(1);
    expect(world.producers.map(({ id }) => id).sort()).toEqual([
      'kafka-worker.g.t.0',
      'kafka-worker.g.t.g.retry-1000.0',
    ]);
  });

  it('passes a record that an operator skips', async () => {
    const world = new TransactionWorld();
    const a = await member(world, options);
    world.produce(2);
    await world.clock.tick();
    a.calls.fail(0);
    await world.clock.tick();
    a.engine.skip(place);
    await world.clock.advance(100);
    expect(world.stored()).toEqual({ offset: 1, done: [] });
  });
});
