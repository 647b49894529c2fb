import { describe, expect, it } from '@jest/globals';
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

const target = { topic: 't', partition: 0 };

describe('a dead letter that is not acknowledged', () => {
  it('is sent again, and its lane waits', async () => {
    const world = new Post();
    const a = await world.member();
    world.produce(2);
    await world.clock.tick();
    world.cluster.faults.produce({ times: 3 });
    a.calls.fail(0);
    await world.clock.tick();
    const [failed] = a.of('forward.failed');
    expect(failed).toMatchObject({ offset: 0, to: 'dlq', error: { code: 'DEAD_LETTER_FAILED' } });
    expect(failed?.retryInMs).toBeGreaterThan(300);
    await world.clock.advance(10_000);
    expect(a.of('forward.failed')).toHaveLength(3);
    expect(world.sent).toEqual(['t/0/0']);
    expect(a.calls.started).toEqual(['0:0', '0:1']);
    expect(world.violations).toEqual([]);
  });

  it('freezes its lane after five tries, which goes on by itself, with a new set of attempts', async () => {
    const world = new Post();
    const a = await world.member({ concurrency: 'key' });
    world.produce(['x', 'x', 'y']);
    await world.clock.tick();
    world.cluster.faults.produce({ times: 5 });
    a.calls.fail(0);
    await world.clock.advance(12_000);
    expect(a.of('forward.failed').map(({ retryInMs }) => retryInMs === undefined)).toEqual([
      false,
      false,
      false,
      false,
      true,
    ]);
    expect(a.of('frozen')).toMatchObject([{ offset: 0, scope: 'key', reason: 'forward', unfreezeInMs: 30_000 }]);
    expect(a.calls.open).toEqual(['0:2']);
    expect(a.engine.inspect().groups[0]?.workers[0]?.deadLetterBudget).toBe(10); // none was sent
    await world.clock.advance(30_000);
    expect(a.of('unfrozen')).toMatchObject([{ by: 'timer', offset: 0, skipped: false }]);
    expect(a.calls.at(0).attempt).toBe(1);
    a.calls.fail(0);
    await world.clock.tick();
    expect(world.sent).toEqual(['t/0/0']);
  });

  it('freezes it at once where no try can help', async () => {
    const world = new Post();
    const hopeless = (driver: KafkaDriver): KafkaDriver => ({
      ...driver,
      createProducer: () => {
        const producer = driver.createProducer();
        const send = producer.send.bind(producer);
        return Object.assign(producer, { send: () => send([{ topic: 'gone', value: null }]) });
      },
    });
    const a = await world.member({}, { driver: hopeless });
    world.produce(2);
    await world.clock.tick();
    a.calls.fail(0);
    await world.clock.tick();
    expect(a.of('forward.failed')).toMatchObject([{ retryInMs: undefined }]);
    expect(a.partition().frozen).toMatchObject([{ reason: 'forward', offset: 0 }]);
    a.engine.unfreeze(target, { skip: true });
    expect(a.calls.open).toEqual(['0:1']);
  });

  it('is not skipped and not unfrozen by an operator meanwhile', async () => {
    const world = new Post();
    const a = await world.member();
    world.produce(2);
    await world.clock.tick();
    world.cluster.faults.produce({ delayMs: 1_000 });
    a.calls.fail(0);
    await world.clock.tick();
    expect(a.engine.skip(target)).toBeUndefined();
    a.engine.unfreeze(target, { skip: true });
    expect(a.calls.open).toEqual([]);
    await world.clock.advance(1_000);
    expect(a.of('record.settled').map(({ offset, disposition }) => [offset, disposition])).toEqual([
      [0, 'dead-lettered'],
    ]);
    expect(a.calls.open).toEqual(['0:1']);
  });
});

describe('a dead letter of a serial worker', () => {
  it('has the whole worker wait, and no other of the process', async () => {
    const world = new Post(2);
    world.cluster.createTopic('u');
    const options: WorkerOptions = {
      retry: { attempts: 1 },
      onFailure: deadLetter({ topic: 'dlq' }),
      concurrency: 'serial',
    };
    const a = world.make({ maxConcurrency: 1 });
    const b = world.make({
      maxConcurrency: 1,
      workers: [
        { id: 'w', groupId: 'g', topics: ['t'], options, handle: a.calls.handle },
        { id: 'v', groupId: 'g', topics: ['u'], handle: a.calls.handle },
      ],
    });
    void b.engine.start();
    for (const partition of [0, 1]) world.produce(2, partition);
    world.produce(2, 0, 'u');
    await world.clock.tick();
    const first = a.calls.running[0];
    expect(first?.topic).toBe('t');
    world.cluster.faults.produce({ times: 2 });
    first?.end.reject(new Error('no'));
    await world.clock.advance(700);
    expect(a.calls.running.map(({ topic }) => topic)).toEqual(['u']);
    a.calls.running[0]?.end.resolve();
    await world.clock.tick();
    expect(a.calls.running.map(({ topic, offset }) => `${topic} ${offset}`)).toEqual(['u 1']);
    a.calls.running[0]?.end.resolve();
    await world.clock.advance(2_000);
    expect(world.sent).toHaveLength(1);
    expect(a.calls.running.map(({ topic }) => topic)).toEqual(['t']);
    expect(b.engine.inspect().groups[0]?.workers.map(({ running }) => running)).toEqual([1, 0]);
  });
});
