import { partitionKey, type RecordBatch } from '@kafka-worker/engine';
import { describe, expect, it } from '@jest/globals';
import { createTopic, fill, testDriver, uniqueName } from './support/broker.js';
import { Member } from './support/member.js';
import { delay, until } from './support/until.js';

const COUNT = 12_000;

describe('backpressure', () => {
  it('loses nothing and keeps the order while little is taken at a time', async () => {
    const driver = testDriver();
    const topic = await createTopic(driver, 2);
    await fill(driver, topic, [0, 1], COUNT);
    const member = new Member(driver, 'a', { groupId: uniqueName('group'), topics: [topic] });
    const buffers = new Buffers(member, 100, 15);
    await member.start();
    await until('all records', () => member.taken.length >= COUNT * 2, 30_000);
    buffers.stop();
    await member.consumer.stop();
    const expected = Array.from({ length: COUNT }, (_, n) => n);
    expect(member.offsets(0)).toEqual(expected);
    expect(member.offsets(1)).toEqual(expected);
    expect(buffers.offeredWhileFull).toBe(0);
  }, 60_000);

  it('of one partition leaves the others and the membership alone', async () => {
    const driver = testDriver();
    const topic = await createTopic(driver, 2);
    await fill(driver, topic, [0, 1], 5000);
    const member = new Member(driver, 'a', { groupId: uniqueName('group'), topics: [topic] });
    member.room = ({ partition, records }) => (partition === 0 ? 0 : records.length);
    await member.start();
    await until('the other partition', () => member.offsets(1).length === 5000);
    // Longer than the session timeout, and the open partition goes on meanwhile.
    for (let n = 0; n < 8; n++) {
      await fill(driver, topic, [1], 1, 5000 + n);
      await until('a new record', () => member.offsets(1).length === 5001 + n, 3000);
      await delay(900);
    }
    expect(member.offsets(0)).toEqual([]);
    expect(member.joins).toBe(1);
    member.room = ({ records }) => records.length;
    member.consumer.resume([{ topic, partition: 0 }]);
    await until('what was kept back', () => member.offsets(0).length === 5000);
    expect(member.offsets(0)).toEqual(Array.from({ length: 5000 }, (_, n) => n));
    await member.consumer.stop();
  }, 60_000);

  it('what was kept back survives a join that leaves the partition here', async () => {
    const driver = testDriver();
    const topic = await createTopic(driver, 2);
    const options = { groupId: uniqueName('group'), topics: [topic] };
    await fill(driver, topic, [0, 1], 1000);
    const a = new Member(driver, 'a', options);
    a.room = ({ records }) => Math.min(records.length, 10);
    await a.start();
    await until('the first', () => a.taken.length === 20);
    const b = new Member(driver, 'b', options);
    await b.start();
    await until('both share', () => a.joins === 2 && b.joins === 1);
    a.room = ({ records }) => records.length;
    const kept = a.owned[0] as number;
    a.consumer.resume([{ topic, partition: kept }]);
    await until('the rest', () => a.offsets(kept).length >= 1000);
    expect(a.offsets(kept)).toEqual(range(0, 1000));
    expect(a.offsets(1 - kept)).toHaveLength(10);
    await Promise.all([a.consumer.stop(), b.consumer.stop()]);
  }, 40_000);
});

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, n) => from + n);
}

/** Buffers of a limited size, emptied every few milliseconds. */
class Buffers {
  offeredWhileFull = 0;
  private readonly used = new Map<string, number>();
  private readonly full = new Set<string>();
  private readonly timer: NodeJS.Timeout;

  constructor(member: Member, size: number, everyMs: number) {
    member.room = (batch: RecordBatch) => {
      const key = partitionKey(batch.topic, batch.partition);
      if (this.full.has(key)) this.offeredWhileFull++;
      const used = this.used.get(key) ?? 0;
      const taken = Math.min(batch.records.length, size - used);
      this.used.set(key, used + taken);
      if (taken < batch.records.length) this.full.add(key);
      return taken;
    };
    this.timer = setInterval(() => {
      for (const key of this.used.keys()) {
        this.used.set(key, 0);
        const [topic = '', partition] = key.split('/');
        if (this.full.delete(key)) member.consumer.resume([{ topic, partition: Number(partition) }]);
      }
    }, everyMs);
  }

  stop(): void {
    clearInterval(this.timer);
  }
}
