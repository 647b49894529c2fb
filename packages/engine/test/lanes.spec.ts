import { describe, expect, it } from '@jest/globals';
import type { Task } from '../src/delivery/task.js';
import type { KafkaRecord } from '../src/index.js';
import { Lane, LaneQueue } from '../src/lanes/lane.js';
import { PartitionLanes } from '../src/lanes/partition-lanes.js';
import { LoopShare } from '../src/lanes/loop-share.js';
import { Slots } from '../src/lanes/slots.js';
import { World } from './support/world.js';

const record = (key: Buffer | string | null, offset = 0): KafkaRecord => ({
  topic: 't',
  partition: 0,
  offset,
  timestamp: 0,
  key: key === null ? null : Buffer.from(key),
  value: null,
  headers: {},
});
const task = (offset: number): Task => ({ offset, nextInLane: undefined }) as unknown as Task;
const byKey = { concurrency: 'key', orderBy: undefined, nullKey: 'unordered' } as const;

/** A lane with one record, as after intake. */
function filled(lanes: PartitionLanes, key: Buffer | string | null, offset: number): Lane {
  const { lane } = lanes.choose(record(key, offset));
  lane.push(task(offset));
  if (lane.state === 'idle') lanes.makeReady(lane);
  return lane;
}

describe('a lane', () => {
  it('is first in, first out, also after it was empty', () => {
    const lane = new Lane(Buffer.from('k'));
    const [a, b, c] = [task(1), task(2), task(3)];
    lane.push(a);
    lane.push(b);
    expect(lane.head).toBe(a);
    lane.shift();
    expect(lane.head).toBe(b);
    lane.shift();
    expect(lane.head).toBeUndefined();
    lane.push(c);
    expect(lane.head).toBe(c);
    expect(a.nextInLane).toBeUndefined();
  });
});

describe('a queue of lanes', () => {
  it('is first in, first out, and lets go of one in the middle, at the ends, and one that is not in it', () => {
    const lanes = ['a', 'b', 'c', 'd', 'e'].map((key) => new Lane(Buffer.from(key)));
    const [a, b, c, d, e] = lanes as [Lane, Lane, Lane, Lane, Lane];
    const queue = new LaneQueue();
    for (const lane of [a, b, c, d]) queue.push(lane);
    queue.remove(b);
    queue.remove(a);
    queue.remove(e);
    queue.remove(d);
    queue.push(e);
    expect([queue.shift(), queue.shift(), queue.shift(), queue.first]).toEqual([c, e, undefined, undefined]);
  });
});

describe('the lanes of a partition', () => {
  it('start a lane that is behind before those that came later, and the rest in turn', () => {
    const lanes = new PartitionLanes(byKey);
    const [hot, b, c] = [filled(lanes, 'hot', 0), filled(lanes, 'b', 3), filled(lanes, 'c', 4)];
    hot.push(task(1));
    hot.push(task(5));
    expect(lanes.takeReady(Infinity)).toBe(hot);
    hot.shift();
    lanes.makeReady(hot); // at offset 1, before b's 3
    expect(lanes.takeReady(Infinity)).toBe(hot);
    hot.shift();
    lanes.makeReady(hot); // at offset 5, behind b and c
    expect([lanes.takeReady(Infinity), lanes.takeReady(Infinity), lanes.takeReady(Infinity)]).toEqual([b, c, hot]);
    expect(lanes.hasReady).toBe(false);
  });

  it('tell keys apart by their bytes', () => {
    const lanes = new PartitionLanes(byKey);
    const keys = [
      Buffer.from([0xff]),
      Buffer.from([0xfe]),
      Buffer.from([0xc3, 0xbf]),
      Buffer.from('ÿ'),
      Buffer.from(''),
    ];
    const found = keys.map((key) => filled(lanes, key, 0));
    expect(found[2]).toBe(found[3]); // the same bytes
    expect(new Set(found).size).toBe(4);
    expect(lanes.choose(record(Buffer.from([0xff]))).lane).toBe(found[0]);
  });

  it('let records without key go each on its own, or all in one', () => {
    const apart = new PartitionLanes(byKey);
    expect(filled(apart, null, 0)).not.toBe(filled(apart, null, 1));
    expect(apart.count).toBe(2);
    const together = new PartitionLanes({ ...byKey, nullKey: 'partition' });
    const lane = filled(together, null, 0);
    expect(filled(together, null, 1)).toBe(lane);
    expect(filled(together, '', 2)).not.toBe(lane);
  });

  it('order by what orderBy says: text, bytes or nothing', () => {
    const orderBy = ({ offset }: KafkaRecord): string | Buffer | null | undefined =>
      ['é', Buffer.from([0xe9]), null, undefined, 'a', Buffer.from('a')][offset];
    const lanes = new PartitionLanes({ ...byKey, orderBy });
    const found = [0, 1, 2, 3, 4, 5].map((offset) => filled(lanes, 'same', offset));
    expect(found[4]).toBe(found[5]);
    expect(found[2]).not.toBe(found[3]);
    expect(found[2]).not.toBe(found[4]);
  });

  it('give a record of which orderBy throws a lane of its own and the error', () => {
    const lanes = new PartitionLanes({
      ...byKey,
      orderBy: () => {
        throw new TypeError('no such field');
      },
    });
    const { lane, broken } = lanes.choose(record('a'));
    expect(broken).toMatchObject({ code: 'ORDER_BY', message: 'orderBy threw: no such field' });
    expect(lanes.choose(record('a')).lane).not.toBe(lane);
  });

  it('are set aside above the bound and come back', () => {
    const lanes = new PartitionLanes(byKey);
    const [a, b, c] = [filled(lanes, 'a', 5), filled(lanes, 'b', 1), filled(lanes, 'c', 9)];
    expect(lanes.takeReady(5)).toBe(b);
    expect(lanes.takeReady(5)).toBeUndefined();
    expect([a.state, c.state, lanes.hasReady, lanes.hasHeld]).toEqual(['held', 'held', false, true]);
    lanes.withdraw(a);
    lanes.releaseBelow(Infinity);
    expect([lanes.takeReady(Infinity), lanes.takeReady(Infinity)]).toEqual([c, undefined]);
  });

  it('are forgotten when they are empty', () => {
    const lanes = new PartitionLanes(byKey);
    for (const key of ['a', null]) {
      const lane = filled(lanes, key, 0);
      lanes.takeReady(Infinity);
      lane.shift();
      lanes.remove(lane);
    }
    expect(lanes.count).toBe(0);
  });
});

describe('slots', () => {
  it('wake those who found them full, the longest waiting first', () => {
    const slots = new Slots(2, new LoopShare({}));
    const woken: string[] = [];
    const user = (name: string) => ({ pump: () => void (slots.acquire(users[name] as never, 0) && woken.push(name)) });
    const users: Record<string, { pump(): void }> = {};
    for (const name of ['a', 'b', 'c', 'd']) users[name] = user(name);
    for (const name of ['a', 'b', 'c', 'd', 'c']) users[name]?.pump();
    expect(woken).toEqual(['a', 'b']);
    slots.release();
    slots.release();
    expect([woken, slots.used]).toEqual([['a', 'b', 'c', 'd'], 2]);
  });

  it('go to the next where somebody does not want his any more', () => {
    const slots = new Slots(1, new LoopShare({}));
    let got = 0;
    slots.acquire({ pump: () => undefined }, 0);
    slots.acquire({ pump: () => undefined }, 0);
    const wants = { pump: () => void (slots.acquire(wants, 0) && got++) };
    slots.acquire(wants, 0);
    slots.release();
    expect([got, slots.used]).toEqual([1, 1]);
  });
});

describe('order by key in an engine', () => {
  it('sends a record of which orderBy throws to onFailure, without retry, and lets others go on', async () => {
    const world = new World();
    const a = await world.engine({
      options: {
        concurrency: 'key',
        orderBy: ({ offset }) => {
          if (offset === 1) throw new Error('no customer');
          return offset === 3 ? 'k0' : `k${offset}`;
        },
        onFailure: { type: 'skip' },
      },
    });
    world.produce(4);
    await world.clock.tick();
    expect(a.calls.open).toEqual(['0:0', '0:2']);
    expect(a.of('record.settled')).toMatchObject([{ offset: 1, disposition: 'skipped', error: { code: 'ORDER_BY' } }]);
    a.calls.finish(0);
    await world.clock.tick();
    expect(a.calls.open).toEqual(['0:2', '0:3']);
  });
});
