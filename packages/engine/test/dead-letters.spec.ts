import { describe, expect, it } from '@jest/globals';
import {
  deadLetter,
  DeadLetterError,
  fixed,
  freeze,
  KafkaWorkerError,
  NonRetryableError,
  skip,
  type DeadLetterOptions,
  type WorkerOptions,
} from '../src/index.js';
import { letters, originOf, type Letter } from './support/letters.js';
import { World, type Member, type MemberSetup } from './support/world.js';

class Post extends World {
  constructor(partitions = 1, letterPartitions = 1) {
    super({ partitions });
    this.cluster.createTopic('dlq', letterPartitions);
    this.forwards.add('dlq');
  }

  member(
    options: WorkerOptions = {},
    policy: Partial<DeadLetterOptions> = {},
    setup: MemberSetup = {},
  ): Promise<Member> {
    const onFailure = deadLetter({ topic: 'dlq', ...policy });
    return this.engine({ ...setup, options: { retry: { attempts: 1 }, onFailure, commit: 'each', ...options } });
  }
}

const target = { topic: 't', partition: 0 };
const disposed = (member: Member): unknown[] =>
  member.of('record.settled').map(({ partition, offset, disposition }) => `${partition}:${offset} ${disposition}`);

describe('a dead letter', () => {
  it('is the record byte for byte, with headers that say where it came from', async () => {
    const world = new Post();
    const a = await world.member({ retry: { attempts: 2, backoff: fixed(100) } });
    const bytes = Buffer.from([0, 255, 1, 254, 128]);
    const headers = { one: bytes, many: [Buffer.from('a'), bytes, Buffer.alloc(0)], empty: Buffer.alloc(0) };
    const timestamp = world.clock.now() - 5_000;
    world.cluster.produce({ ...target, key: bytes, value: Buffer.concat([bytes, bytes]), headers, timestamp });
    await world.clock.tick();
    a.calls.fail(0, new Error('first'));
    await world.clock.advance(100);
    a.calls.fail(0, new TypeError('second'));
    await world.clock.tick();
    const [letter] = letters(world.cluster);
    expect(letter?.record.key).toEqual(bytes);
    expect(letter?.record.value).toEqual(Buffer.concat([bytes, bytes]));
    expect(letter?.record.headers).toMatchObject(headers);
    const now = String(world.clock.now());
    expect(letter?.headers).toMatchObject({
      'kafka-worker-origin-topic': 't',
      'kafka-worker-origin-partition': '0',
      'kafka-worker-origin-offset': '0',
      'kafka-worker-origin-timestamp': String(timestamp),
      'kafka-worker-group': 'g',
      'kafka-worker-worker': 'w',
      'kafka-worker-attempts': '2',
      'kafka-worker-first-failed-at': now,
      'kafka-worker-failed-at': now,
      'kafka-worker-error-class': 'TypeError',
      'kafka-worker-error-message': 'second',
    });
    expect(letter?.headers['kafka-worker-error-stack']).toContain('TypeError: second');
    expect(a.of('record.settled')).toMatchObject([
      {
        disposition: 'dead-lettered',
        attempt: 2,
        error: { message: 'second' },
        to: { topic: 'dlq', partition: 0, offset: 0 },
      },
    ]);
    expect(a.engine.inspect().groups[0]?.workers[0]?.dispositions).toMatchObject({ 'dead-lettered': 1, done: 0 });
  });

  it('of a record without key and value has neither', async () => {
    const world = new Post();
    const a = await world.member();
    world.cluster.produce({ ...target, value: null });
    await world.clock.tick();
    a.calls.fail(0);
    await world.clock.tick();
    expect(letters(world.cluster)).toMatchObject([{ key: null, value: null }]);
  });

  it('goes to the partition of its source, modulo those that there are', async () => {
    const world = new Post(5, 2);
    const a = await world.member({ limit: 5 });
    for (const partition of [0, 1, 2, 3, 4]) world.produce(['k'], partition);
    await world.clock.tick();
    for (const call of a.calls.running) call.end.reject(new Error('no'));
    await world.clock.tick();
    expect(
      letters(world.cluster)
        .map((letter) => [originOf(letter), letter.partition])
        .sort(),
    ).toEqual([0, 1, 2, 3, 4].map((partition) => [`t/${partition}/0`, partition % 2]));
  });

  it('is acknowledged before its record is settled, and before the next one of its lane starts', async () => {
    const world = new Post();
    const a = await world.member({ concurrency: 'key' });
    world.produce(['x', 'x', 'y']);
    await world.clock.tick();
    world.cluster.faults.produce({ delayMs: 1_000 });
    a.calls.fail(0);
    await world.clock.advance(500);
    a.calls.finish(2);
    await world.clock.advance(499);
    expect(a.calls.open).toEqual([]);
    expect(a.partition()).toMatchObject({ heldBy: { offset: 0, state: 'forwarding' }, frontier: 0 });
    expect(world.stored()?.offset).toBe(0);
    await world.clock.advance(1);
    expect(a.calls.open).toEqual(['0:1']);
    expect(world.stored()).toEqual({ offset: 1, done: [{ from: 2, to: 3 }] });
    expect(world.violations).toEqual([]);
  });

  it('has headers of the user beside the record, which replace none of its own', async () => {
    const world = new Post();
    const headers = (record: { offset: number }, failure: { error: Error }) => ({
      extra: `${record.offset} ${failure.error.message}`,
      own: 'replaced',
      'kafka-worker-origin-topic': 'replaced',
    });
    const a = await world.member({}, { headers });
    world.cluster.produce({ ...target, value: 'v', headers: { own: 'kept' } });
    await world.clock.tick();
    a.calls.fail(0);
    await world.clock.tick();
    expect(letters(world.cluster)[0]?.headers).toMatchObject({
      extra: '0 no',
      own: 'kept',
      'kafka-worker-origin-topic': 't',
    });
  });

  it('goes without them where their function throws', async () => {
    const world = new Post();
    const headers = (): never => {
      throw new Error('of headers');
    };
    const a = await world.member({}, { headers });
    world.produce(1);
    await world.clock.tick();
    a.calls.fail(0);
    await world.clock.tick();
    expect(disposed(a)).toEqual(['0:0 dead-lettered']);
  });

  it('says nothing of what an earlier one of the same record was about', async () => {
    const world = new Post();
    const a = await world.member({}, { include: { message: false, stack: false } });
    const old = {
      'kafka-worker-error-message': 'old',
      'kafka-worker-due-at': '1',
      'kafka-worker-origin-offset': '7',
      own: 'x',
    };
    world.cluster.produce({ ...target, value: 'sent again from a dead-letter topic', headers: old });
    await world.clock.tick();
    expect(a.calls.at(0).delivery.origin).toBeUndefined(); // only a retry topic of ours says where a record came from
    a.calls.fail(0);
    await world.clock.tick();
    const { headers } = letters(world.cluster)[0] as Letter;
    expect(headers).toMatchObject({ own: 'x', 'kafka-worker-origin-offset': '0' });
    expect(headers).not.toHaveProperty('kafka-worker-error-message');
    expect(headers).not.toHaveProperty('kafka-worker-due-at');
  });

  it('leaves texts of the error out where asked to', async () => {
    const world = new Post();
    const a = await world.member({}, { include: { message: false, stack: false } });
    world.produce(1);
    await world.clock.tick();
    a.calls.fail(0, new RangeError('secret'));
    await world.clock.tick();
    const { headers } = letters(world.cluster)[0] as Letter;
    expect(JSON.stringify(headers)).not.toContain('secret');
    expect(headers['kafka-worker-error-class']).toBe('RangeError');
  });

  it('is made of what never reached a handler, too', async () => {
    const world = new Post();
    const orderBy = (record: { value: Buffer | null }): string => {
      if (record.value?.toString() === 'broken') throw new Error('no key in it');
      return 'k';
    };
    const a = await world.member({ concurrency: 'key', orderBy, retry: { attempts: 5 } });
    world.cluster.produce({ ...target, value: 'broken' });
    await world.clock.tick();
    expect(letters(world.cluster)).toMatchObject([
      { value: 'broken', headers: { 'kafka-worker-error-message': 'orderBy threw: no key in it' } },
    ]);
    world.cluster.produce({ ...target, value: '{' });
    await world.clock.tick();
    a.calls.fail(1, new KafkaWorkerError('DESERIALIZE', 'not JSON'));
    await world.clock.tick();
    expect(letters(world.cluster)[1]).toMatchObject({ value: '{', headers: { 'kafka-worker-attempts': '1' } });
  });
});

describe('DeadLetterError', () => {
  it('sends its record at once, whatever attempts are left', async () => {
    const world = new Post();
    const a = await world.member({ retry: { attempts: 5 } });
    world.produce(1);
    await world.clock.tick();
    a.calls.fail(0, new DeadLetterError('of no use'));
    await world.clock.tick();
    expect(letters(world.cluster)[0]?.headers).toMatchObject({
      'kafka-worker-error-class': 'DeadLetterError',
      'kafka-worker-error-message': 'of no use',
    });
  });

  it.each([
    ['skips', skip(), ['0:0 skipped']],
    ['freezes', freeze(), []],
  ])('where there is no dead-letter topic, %s as the policy says', async (_, onFailure, expected) => {
    const world = new Post();
    const a = await world.engine({ options: { onFailure, retry: { attempts: 5 } } });
    world.produce(1);
    await world.clock.tick();
    a.calls.fail(0, new DeadLetterError());
    await world.clock.tick();
    expect(disposed(a)).toEqual(expected);
    expect(a.of('frozen')).toHaveLength(expected.length === 0 ? 1 : 0);
  });
});

describe('records of other errors', () => {
  it('go to the topic when no attempt can mend them, or none is left', async () => {
    const world = new Post();
    const a = await world.member({ retry: { attempts: 3, backoff: fixed(10) }, concurrency: 'unordered' });
    world.produce(2);
    await world.clock.tick();
    a.calls.fail(0, new NonRetryableError());
    await world.clock.tick();
    expect(letters(world.cluster).map(originOf)).toEqual(['t/0/0']);
    for (let attempt = 1; attempt <= 3; attempt++) {
      expect(letters(world.cluster)).toHaveLength(1);
      a.calls.fail(1);
      await world.clock.advance(10);
    }
    expect(letters(world.cluster).map((letter) => letter.headers['kafka-worker-attempts'])).toEqual(['1', '3']);
  });
});
