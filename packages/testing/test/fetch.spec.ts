import { describe, expect, it } from '@jest/globals';
import { deferred, FakeClock, InMemoryCluster } from '../src/index.js';
import { some, TestMember } from './member.js';

function setup(partitions = 1, fetchMaxRecords = 500) {
  const clock = new FakeClock();
  const cluster = new InMemoryCluster({ clock, fetchMaxRecords });
  cluster.createTopic('t', partitions);
  return { clock, cluster, member: new TestMember(cluster.driver()) };
}

describe('fetching', () => {
  it('hands over what is there and what comes, in order', async () => {
    const { clock, cluster, member } = setup();
    cluster.produce(some(3));
    await clock.runUntil(member.start());
    await clock.tick();
    expect(member.offsets()).toEqual([0, 1, 2]);
    cluster.produce(some(2));
    expect(member.offsets()).toHaveLength(3);
    await clock.tick();
    expect(member.offsets()).toEqual([0, 1, 2, 3, 4]);
    expect(member.received[0]).toMatchObject({ key: null, value: Buffer.from('v0'), timestamp: clock.now() });
  });

  it('bounds batches and takes partitions in turn', async () => {
    const { clock, cluster, member } = setup(2, 2);
    cluster.produce([...some(4, 0), ...some(4, 1)]);
    await clock.runUntil(member.start());
    await clock.tick();
    expect(member.batches.map((b) => b.records.length)).toEqual([2, 2, 2, 2]);
    expect(member.batches.map((b) => b.partition)).toEqual([0, 1, 1, 0]);
    expect(member.batches[0]?.highWatermark).toBe(4);
  });

  it('passes over gaps', async () => {
    const { clock, cluster, member } = setup();
    cluster.produce(some(1));
    cluster.skipOffsets('t', 0, 5);
    cluster.produce(some(1));
    cluster.skipOffsets('t', 0, 1);
    await clock.runUntil(member.start());
    await clock.tick();
    expect(member.offsets()).toEqual([0, 6]);
    expect(member.batches[0]?.highWatermark).toBe(8);
    cluster.produce(some(1));
    await clock.tick();
    expect(member.offsets()).toEqual([0, 6, 8]);
  });

  it('starts over at the low end when its position was cut off', async () => {
    const { clock, cluster, member } = setup();
    cluster.produce(some(10));
    cluster.deleteRecordsBefore('t', 0, 7);
    await clock.runUntil(member.start());
    await clock.tick();
    expect(member.offsets()).toEqual([7, 8, 9]);
    expect(cluster.range('t', 0)).toEqual({ topic: 't', partition: 0, low: 7, high: 10 });
  });

  it('sets no timer while it is idle', async () => {
    const { clock, cluster, member } = setup();
    cluster.produce(some(1));
    await clock.runUntil(member.start());
    await clock.tick();
    expect(clock.pending).toBe(0);
  });

  it('works in real time', async () => {
    const cluster = new InMemoryCluster();
    cluster.createTopic('t');
    const member = new TestMember(cluster.driver());
    const got = deferred();
    member.onRecords = (batch) => (got.resolve(), batch.records.length);
    await member.start();
    cluster.produce(some(1));
    await got.promise;
    await member.commit(1);
    expect(cluster.committed('g', 't', 0)).toEqual({ offset: 1, metadata: '' });
    await member.consumer.stop();
    expect(member.states).toEqual(['connecting', 'joined', 'stopped']);
    expect(cluster.group('g').state).toBe('Empty');
  });
});
