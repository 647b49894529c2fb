import { describe, expect, it } from '@jest/globals';
import { FakeClock, InMemoryCluster } from '../src/index.js';
import { some, TestMember } from './member.js';

async function setup({ readUncommitted = false } = {}) {
  const clock = new FakeClock();
  const cluster = new InMemoryCluster({ clock });
  cluster.createTopic('t', 2);
  const member = new TestMember(cluster.driver({ readUncommitted }));
  void member.start();
  await clock.tick();
  return { clock, cluster, member };
}

describe('transactions', () => {
  it('hide their records, and what stands behind them, until they are committed', async () => {
    const { clock, cluster, member } = await setup();
    cluster.produce(some(1));
    const transaction = cluster.beginTransaction('shop');
    expect(transaction.produce(some(2))).toMatchObject([{ offset: 1 }, { offset: 2 }]);
    cluster.produce(some(1));
    await clock.tick();
    expect(member.offsets()).toEqual([0]);
    expect(member.batches.at(-1)?.highWatermark).toBe(1);
    expect(cluster.range('t', 0).high).toBe(1);
    expect(cluster.records('t')).toHaveLength(2);
    transaction.commit();
    await clock.tick();
    expect(member.offsets()).toEqual([0, 1, 2, 3]);
    // The marker has an offset of its own.
    expect(cluster.range('t', 0).high).toBe(5);
    expect(transaction.state).toBe('committed');
  });

  it('leave gaps where they are aborted', async () => {
    const { clock, cluster, member } = await setup();
    const transaction = cluster.beginTransaction('shop');
    transaction.produce([...some(2), ...some(1, 1)]);
    transaction.abort();
    cluster.produce([...some(1), ...some(1, 1)]);
    await clock.tick();
    expect([member.offsets(0), member.offsets(1)]).toEqual([[3], [2]]);
    expect(cluster.records('t').map((record) => record.offset)).toEqual([3, 2]);
  });

  it('show everything at once to readers of the uncommitted', async () => {
    const { clock, cluster, member } = await setup({ readUncommitted: true });
    const transaction = cluster.beginTransaction('shop');
    transaction.produce(some(2));
    await clock.tick();
    expect(member.offsets()).toEqual([0, 1]);
    transaction.abort();
    cluster.produce(some(1));
    await clock.tick();
    expect(member.offsets()).toEqual([0, 1, 3]);
    expect(clock.pending).toBe(0);
  });

  it('store offsets with their commit or not at all', async () => {
    const { cluster } = await setup();
    const offset = { topic: 't', partition: 0, offset: 5, metadata: 'map' };
    const aborted = cluster.beginTransaction('shop');
    aborted.commitOffsets('g', [offset]);
    aborted.abort();
    expect(cluster.committed('g', 't', 0)).toBeUndefined();
    const committed = cluster.beginTransaction('shop');
    committed.commitOffsets('g', [offset]);
    expect(cluster.committed('g', 't', 0)).toBeUndefined();
    committed.commit();
    expect(cluster.committed('g', 't', 0)).toEqual({ offset: 5, metadata: 'map' });
    expect(() => committed.commitOffsets('g', [{ ...offset, metadata: 'x'.repeat(4_097) }])).toThrow(
      'INVALID_TXN_STATE',
    );
  });

  it('do not overwrite a commit that came after their own', async () => {
    const { clock, cluster, member } = await setup();
    const transaction = cluster.beginTransaction('shop');
    transaction.commitOffsets('g', [{ topic: 't', partition: 0, offset: 5, metadata: '' }]);
    await clock.runUntil(member.commit(7));
    transaction.commit();
    expect(cluster.committed('g', 't', 0)?.offset).toBe(7);
  });

  it('are aborted when another producer takes over their id', async () => {
    const { clock, cluster, member } = await setup();
    const first = cluster.beginTransaction('shop');
    first.produce(some(1));
    first.commitOffsets('g', [{ topic: 't', partition: 0, offset: 1, metadata: '' }]);
    const second = cluster.beginTransaction('shop');
    expect(first.state).toBe('aborted');
    for (const call of [() => first.produce(some(1)), () => first.commit(), () => first.abort()]) {
      expect(call).toThrow('INVALID_PRODUCER_EPOCH');
    }
    second.produce(some(1));
    second.commit();
    await clock.tick();
    expect(member.offsets()).toEqual([2]);
    expect(cluster.committed('g', 't', 0)).toBeUndefined();
    expect(() => second.produce(some(1))).toThrow('INVALID_TXN_STATE');
  });
});

describe('compaction', () => {
  it('leaves the last record of each key, and gaps', async () => {
    const { clock, cluster } = await setup();
    const record = (key: string | null, value: string | null) => ({ topic: 't', partition: 0, key, value });
    cluster.produce([record('a', '1'), record('b', '1'), record(null, 'x'), record('a', '2'), record('b', null)]);
    cluster.compact('t', 0, { keepTombstones: true });
    expect(cluster.records('t', 0).map(({ offset }) => offset)).toEqual([3, 4]);
    cluster.compact('t', 0);
    expect(cluster.records('t', 0).map(({ offset }) => offset)).toEqual([3]);
    expect(cluster.range('t', 0)).toMatchObject({ low: 0, high: 5 });
    const late = new TestMember(cluster.driver(), { groupId: 'late' });
    void late.start();
    cluster.produce([record('c', '1')]);
    await clock.tick();
    expect(late.offsets(0)).toEqual([3, 5]);
  });

  it('does not touch what an open transaction holds up', async () => {
    const { cluster } = await setup();
    const record = { topic: 't', partition: 0, key: 'a', value: '1' };
    cluster.produce([record, record]);
    const transaction = cluster.beginTransaction('shop');
    transaction.produce([record, record]);
    cluster.compact('t', 0);
    transaction.commit();
    expect(cluster.records('t', 0).map(({ offset }) => offset)).toEqual([1, 2, 3]);
  });
});
