import { describe, expect, it } from '@jest/globals';
import { deferred } from '@kafka-worker/testing';
import { deadLetter, type KafkaDriver, type WorkerOptions } from '../src/index.js';
import { letters, originOf } from './support/letters.js';
import { World, type Member, type MemberSetup } from './support/world.js';

class Post extends World {
  constructor(partitions = 1, create = true) {
    super({ partitions });
    if (create) this.cluster.createTopic('dlq');
    this.forwards.add('dlq');
  }

  member(options: WorkerOptions = {}, setup: MemberSetup = {}): Promise<Member> {
    const onFailure = deadLetter({ topic: 'dlq' });
    return this.engine({ ...setup, options: { retry: { attempts: 1 }, onFailure, commit: 'each', ...options } });
  }

  get sent(): string[] {
    return letters(this.cluster).map(originOf);
  }
}

describe('a dead letter and a partition that goes', () => {
  it('that is under way is waited for', async () => {
    const world = new Post(2);
    const a = await world.member({ limit: 2 });
    world.produce(2, 1);
    await world.clock.tick();
    world.cluster.faults.produce({ delayMs: 5_000 });
    a.calls.fail(0, undefined, 1);
    await world.clock.tick();
    const b = await world.member();
    await world.clock.advance(4_999);
    expect(b.held).toEqual([]);
    await world.clock.advance(1);
    expect(b.held).toEqual([1]);
    expect(b.calls.started).toEqual(['1:1']);
    expect(world.sent).toEqual(['t/1/0']);
  });

  it('that waits for another try is not waited for, and not sent by who has lost it', async () => {
    const world = new Post(2);
    const a = await world.member({ limit: 2 });
    world.produce(2, 1);
    await world.clock.tick();
    world.cluster.faults.produce();
    a.calls.fail(0, undefined, 1);
    await world.clock.tick();
    const b = await world.member();
    await world.clock.tick();
    expect([a.held, b.held]).toEqual([[0], [1]]);
    await world.clock.advance(60_000);
    expect(world.sent).toEqual([]);
    expect(b.calls.open).toEqual(['1:0']);
  });

  it('that waits for another try is sent when the partition has stayed', async () => {
    const world = new Post(2);
    const a = await world.member({ limit: 2 });
    world.produce(2);
    world.produce(1, 1);
    await world.clock.tick();
    world.cluster.faults.produce();
    a.calls.fail(0);
    await world.clock.tick();
    await world.member();
    await world.clock.advance(5_000); // the drain waits for 1:0
    expect(world.sent).toEqual([]);
    a.calls.finish(0, 1);
    await world.clock.advance(1_000);
    expect(a.held).toEqual([0]);
    expect(world.sent).toEqual(['t/0/0']);
    expect(a.calls.open).toEqual(['0:1']);
  });

  it('that is lost meanwhile is sent by its next owner, and what comes late of the first settles nothing', async () => {
    const world = new Post();
    const a = await world.member();
    world.produce(2);
    await world.clock.tick();
    world.cluster.faults.produce({ delayMs: 5_000 });
    a.calls.fail(0);
    await world.clock.tick();
    world.cluster.expireSession(world.cluster.group('g').members[0]?.memberId ?? '');
    await world.clock.tick();
    expect(a.calls.open).toEqual(['0:0']);
    a.calls.fail(0);
    await world.clock.advance(10_000);
    expect(a.of('record.late')).toMatchObject([{ offset: 0, outcome: 'done' }]);
    expect(world.sent).toEqual(['t/0/0', 't/0/0']);
    expect(a.calls.open).toEqual(['0:1']);
    expect(world.violations).toEqual([]);
  });

  it('is waited for by a shutdown, which leaves nothing behind', async () => {
    const world = new Post();
    const a = await world.member();
    world.produce(2);
    await world.clock.tick();
    world.cluster.faults.produce({ delayMs: 5_000 });
    a.calls.fail(0);
    await world.clock.tick();
    await world.drain(a);
    expect(world.sent).toEqual(['t/0/0']);
    expect(world.stored()?.offset).toBe(1);
    expect(world.clock.pending).toBe(0);
  });

  it('does not keep a shutdown from ending where the broker says nothing', async () => {
    const world = new Post();
    const never = deferred<never>();
    const silent = (driver: KafkaDriver): KafkaDriver => ({
      ...driver,
      createProducer: () => ({ connect: async () => {}, send: () => never.promise, close: () => never.promise }),
    });
    const a = await world.member({}, { driver: silent, shutdown: { graceMs: 1_000, forceMs: 1_000 } });
    world.produce(1);
    await world.clock.tick();
    a.calls.fail(0);
    await world.clock.tick();
    const drained = a.engine.drain();
    await world.clock.advance(20_000);
    expect(a.engine.state).toBe('STOPPED');
    await drained;
    expect(world.clock.pending).toBe(0);
  });

  it('that will never be needed has its producer closed, also where a drain did not wait for the start', async () => {
    const world = new Post();
    const gate = deferred();
    const open = { connected: 0, closed: 0 };
    const slow = (driver: KafkaDriver): KafkaDriver => ({
      ...driver,
      createProducer: () => ({
        connect: async () => {
          await gate.promise;
          open.connected++;
        },
        send: () => Promise.resolve([]),
        close: async () => void open.closed++,
      }),
    });
    const a = await world.member({}, { driver: slow, shutdown: { graceMs: 1_000, forceMs: 1_000 } });
    await world.drain(a);
    const before = open.closed;
    gate.resolve();
    await world.clock.tick();
    expect(open.connected).toBe(1);
    expect(open.closed).toBe(before + 1);
    expect(world.cluster.consumers()).toEqual([]);
  });
});
