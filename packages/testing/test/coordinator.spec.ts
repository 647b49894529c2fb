import { describe, expect, it } from '@jest/globals';
import { deferred, FakeClock, InMemoryCluster } from '../src/index.js';
import { outcome, some, TestMember } from './member.js';

async function setup(members = 2, options = {}) {
  const clock = new FakeClock();
  const cluster = new InMemoryCluster({ clock, sessionTimeoutMs: 6_000, ...options });
  cluster.createTopic('t', 2);
  const join = (): TestMember => {
    const member = new TestMember(cluster.driver());
    void member.start();
    return member;
  };
  const all = Array.from({ length: members }, join);
  await clock.tick();
  return { clock, cluster, join, all, ids: all.map((member) => member.memberId) };
}

describe('a generation that went on without its members', () => {
  it('refuses their commits; they lose what they held and join again as the same members', async () => {
    const { clock, cluster, all, ids } = await setup(2, { heartbeatIntervalMs: 1_000 });
    const [a] = all as [TestMember];
    cluster.faults.fenceGeneration('g');
    const commit = await clock.runUntil(outcome(a.commit(1)));
    expect(commit).toMatchObject({ code: 'COMMIT_STALE', cause: { type: 'ILLEGAL_GENERATION' } });
    expect(a.log).toEqual(['assigned t/0']);
    await clock.advance(10_000);
    for (const [i, member] of all.entries()) {
      expect(member.log.filter((line) => line.startsWith('lost'))).toEqual([`lost t/${i}`]);
      expect(member.memberId).toBe(ids[i]);
    }
    expect(all.flatMap((member) => member.partitions)).toEqual([0, 1]);
    await clock.runUntil(a.commit(1));
    expect(clock.pending).toBe(0);
  });
});

describe('a coordinator that moves', () => {
  it('refuses commits until another has taken over; offsets, members and generation survive', async () => {
    const { clock, cluster, all, ids } = await setup();
    const [a] = all as [TestMember];
    await clock.runUntil(a.commit(1, 0, 'before'));
    const before = cluster.group('g');
    cluster.faults.moveCoordinator('g', { forMs: 2_000, refusal: 'COORDINATOR_LOAD_IN_PROGRESS' });
    expect(await clock.runUntil(outcome(a.commit(2)))).toMatchObject({
      code: 'COMMIT_FAILED',
      canRetry: true,
      cause: { type: 'COORDINATOR_LOAD_IN_PROGRESS' },
    });
    const committed = a.consumer.committed([{ topic: 't', partition: 0 }]);
    await clock.advance(2_500);
    expect(await committed).toMatchObject([{ offset: 1, metadata: 'before' }]);
    expect(cluster.group('g')).toEqual(before);
    expect(all.map((member) => member.memberId)).toEqual(ids);
    await clock.runUntil(a.commit(2));
    expect(all.map((member) => member.log)).toEqual([['assigned t/0'], ['assigned t/1']]);
    expect(clock.pending).toBe(0);
  });

  it('has members that hear of it join again, as the same members', async () => {
    const { clock, cluster, all, ids } = await setup();
    cluster.faults.moveCoordinator('g');
    await clock.advance(3_000);
    for (const member of all) expect(member.log.some((line) => line.startsWith('lost'))).toBe(false);
    expect(all.map((member) => member.memberId)).toEqual(ids);
    expect(all.flatMap((member) => member.partitions)).toEqual([0, 1]);
    expect(cluster.group('g').state).toBe('Stable');
    expect(clock.pending).toBe(0);
  });

  it('refuses joins that hang, and forgets the rebalance they belong to', async () => {
    const { clock, cluster, join, all } = await setup(1);
    const [a] = all as [TestMember];
    const drained = deferred();
    a.onRevoking = () => drained.promise;
    const b = join();
    await clock.advance(500);
    expect(cluster.group('g').state).toBe('PreparingRebalance');
    cluster.faults.moveCoordinator('g', { forMs: 500 });
    expect(cluster.group('g')).toMatchObject({ state: 'Stable', generation: 1 });
    await clock.advance(1_000);
    // The newcomer is not known and asks anew; the group waits for the one that drains.
    expect(cluster.group('g').state).toBe('PreparingRebalance');
    drained.resolve();
    await clock.tick();
    expect([a.partitions, b.partitions]).toEqual([[0], [1]]);
    expect(clock.pending).toBe(0);
  });

  it('brings back a member that left in a rebalance under way, until its session ends', async () => {
    const { clock, cluster, all } = await setup(2);
    const [a, b] = all as [TestMember, TestMember];
    const drained = deferred();
    a.onRevoking = () => drained.promise;
    await clock.runUntil(b.consumer.stop());
    await clock.tick();
    cluster.faults.moveCoordinator('g', { forMs: 100 });
    drained.resolve();
    await clock.advance(1_000);
    expect(cluster.group('g').members).toHaveLength(2);
    await clock.advance(60_000);
    expect(cluster.group('g').members).toHaveLength(1);
    expect(a.partitions).toEqual([0, 1]);
    expect(clock.pending).toBe(0);
  });
});

describe('a connection that drops', () => {
  it('fails commits that have not arrived, and the member goes on', async () => {
    const { clock, cluster, all } = await setup(1, { latencyMs: 10 });
    const [a] = all as [TestMember];
    await clock.advance(1_000);
    const commit = outcome(a.commit(1));
    await clock.advance(5);
    cluster.faults.dropConnection(a.consumer, { reconnectAfterMs: 1_000 });
    await clock.tick();
    expect(await commit).toMatchObject({ code: 'COMMIT_FAILED', canRetry: true });
    cluster.produce(some(1));
    const again = a.commit(2);
    await clock.advance(500);
    expect(a.offsets()).toEqual([]);
    await clock.advance(1_000);
    await again;
    expect(cluster.commits.map((entry) => entry.offsets[0]?.offset)).toEqual([2]);
    expect(a.offsets()).toEqual([0]);
    expect(a.log).toEqual(['assigned t/0 t/1']);
    expect(clock.pending).toBe(0);
  });

  it('may lose the answers only', async () => {
    const { clock, cluster, all } = await setup(1, { latencyMs: 10 });
    const [a] = all as [TestMember];
    await clock.advance(1_000);
    const commit = outcome(a.commit(1));
    await clock.advance(5);
    cluster.faults.dropConnection(a.memberId, { lost: 'answers' });
    await clock.advance(100);
    expect(await commit).toMatchObject({ code: 'COMMIT_FAILED' });
    expect(cluster.committed('g', 't', 0)?.offset).toBe(1);
    expect(clock.pending).toBe(0);
  });

  it('costs the session where it stays away for longer', async () => {
    const { clock, cluster, all, ids } = await setup();
    const [a, b] = all as [TestMember, TestMember];
    cluster.faults.dropConnection(a.consumer, { reconnectAfterMs: 6_500 });
    await clock.advance(6_000);
    expect(b.partitions).toEqual([0, 1]);
    expect(a.log).toEqual(['assigned t/0']);
    await clock.advance(1_000);
    expect(a.log).toContain('lost t/0');
    expect(a.memberId).not.toBe(ids[0]);
    expect([...a.partitions, ...b.partitions].sort()).toEqual([0, 1]);
    expect(clock.pending).toBe(0);
  });

  it.each(['requests', 'answers'] as const)('repeats a join whose %s were lost', async (lost) => {
    const { clock, cluster, join, all } = await setup(1);
    const [a] = all as [TestMember];
    const drained = deferred();
    a.onRevoking = () => drained.promise;
    const b = join();
    await clock.advance(100);
    cluster.faults.dropConnection(b.consumer, { lost, reconnectAfterMs: 200 });
    await clock.advance(100);
    drained.resolve();
    await clock.advance(1_000);
    expect([...a.partitions, ...b.partitions].sort()).toEqual([0, 1]);
    expect(cluster.group('g').members).toHaveLength(2);
    expect(clock.pending).toBe(0);
  });

  it('leaves no timer behind when the member stops', async () => {
    const { clock, cluster, all } = await setup(1);
    const [a] = all as [TestMember];
    cluster.faults.dropConnection(a.consumer, { reconnectAfterMs: 1_000 });
    await clock.runUntil(a.consumer.stop());
    expect(cluster.group('g').members).toHaveLength(0);
    await clock.advance(0);
    expect(clock.pending).toBe(0);
  });
});

describe('a position outside the log', () => {
  it('is reported as a loss and asked for again with a join', async () => {
    const { clock, cluster, all } = await setup(1);
    const [a] = all as [TestMember];
    cluster.produce(some(10));
    await clock.tick();
    a.received.length = 0;
    a.consumer.pause([{ topic: 't', partition: 0 }]);
    cluster.truncate('t', 0, 5);
    cluster.produce([{ topic: 't', partition: 0, value: 'again' }]);
    a.consumer.resume([{ topic: 't', partition: 0 }]);
    await clock.advance(1_000);
    expect(a.log.slice(1)).toEqual(['lost t/0', 'revoking t/1', 'revoked t/1', 'assigned t/0 t/1']);
    expect(a.offsets()).toEqual([0, 1, 2, 3, 4, 5]);
    expect(cluster.committed('g', 't', 0)).toBeUndefined();
    expect(clock.pending).toBe(0);
  });

  it('is tried again every 100 ms where the engine insists on it', async () => {
    const { clock, cluster, all } = await setup(1);
    const [a] = all as [TestMember];
    cluster.produce(some(10));
    cluster.deleteRecordsBefore('t', 0, 5);
    a.onAssigned = async ({ partitions }) => partitions.map((partition) => ({ ...partition, offset: 999 }));
    a.consumer.seek({ topic: 't', partition: 0, offset: 2 });
    await clock.advance(1_050);
    expect(a.log.filter((line) => line.startsWith('lost t/0'))).toHaveLength(11);
    await clock.runUntil(a.consumer.stop());
    expect(clock.pending).toBe(0);
  });
});
