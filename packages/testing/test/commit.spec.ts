import { describe, expect, it } from '@jest/globals';
import { deferred, FakeClock, InMemoryCluster } from '../src/index.js';
import { outcome, some, TestMember } from './member.js';

async function setup() {
  const clock = new FakeClock();
  const cluster = new InMemoryCluster({ clock });
  cluster.createTopic('t', 2);
  const join = (options = {}): TestMember => {
    const member = new TestMember(cluster.driver(), options);
    void member.start();
    return member;
  };
  const a = join();
  await clock.tick();
  return { clock, cluster, join, a };
}

describe('commits', () => {
  it('are stored with their metadata and handed to the next owner', async () => {
    const { clock, cluster, join, a } = await setup();
    cluster.produce(some(5));
    await clock.runUntil(a.commit(3, 0, 'map'));
    expect(cluster.committed('g', 't', 0)).toEqual({ offset: 3, metadata: 'map' });
    expect(cluster.committed('g', 't', 1)).toBeUndefined();
    expect(cluster.lag('g')).toBe(2);
    await clock.runUntil(a.consumer.stop());
    const b = join();
    await clock.tick();
    expect(b.offsets()).toEqual([3, 4]);
    expect(await clock.runUntil(b.consumer.committed([{ topic: 't', partition: 1 }]))).toEqual([
      { topic: 't', partition: 1, offset: undefined, metadata: '' },
    ]);
  });

  it('of the right generation are accepted from a member that does not own the partition', async () => {
    const { clock, cluster, join, a } = await setup();
    join();
    await clock.tick();
    expect(a.partitions).toEqual([0]);
    await clock.runUntil(a.commit(7, 1));
    expect(cluster.committed('g', 't', 1)?.offset).toBe(7);
  });

  it('are accepted while revoking is awaited', async () => {
    const { clock, cluster, join, a } = await setup();
    const drained = deferred();
    a.onRevoking = async () => {
      await drained.promise;
      await a.commit(4);
    };
    const b = join();
    await clock.advance(1_000);
    drained.resolve();
    await clock.tick();
    expect(cluster.commits).toMatchObject([{ memberId: a.memberId, generation: 1, accepted: true }]);
    expect(b.partitions).toEqual([1]);
  });

  it('that are under way while the member joins again are stale', async () => {
    const { clock, cluster, join, a } = await setup();
    cluster.faults.commit({ requestDelayMs: 1_000 });
    const commit = outcome(a.commit(4));
    join();
    await clock.advance(1_000);
    expect(await commit).toMatchObject({ code: 'COMMIT_STALE', canRetry: false });
    expect(cluster.commits).toMatchObject([{ generation: 1, accepted: false, refusal: 'ILLEGAL_GENERATION' }]);
    expect(cluster.committed('g', 't', 0)).toBeUndefined();
  });

  it('between JoinGroup and SyncGroup are stale', async () => {
    const clock = new FakeClock();
    const cluster = new InMemoryCluster({ clock, latencyMs: 10 });
    cluster.createTopic('t', 2);
    const a = new TestMember(cluster.driver());
    void a.start();
    await clock.advance(1_000);
    void new TestMember(cluster.driver()).start();
    while (cluster.group('g').state !== 'CompletingRebalance') await clock.advance(1);
    const commit = outcome(a.commit(1));
    await clock.advance(1_000);
    expect(await commit).toMatchObject({ code: 'COMMIT_STALE' });
  });

  it('of a fenced member fail and it loses its partitions', async () => {
    const { clock, cluster, a } = await setup();
    cluster.suspend(a.memberId);
    cluster.faults.fence(a.memberId);
    await clock.advance(1_000);
    expect(a.log).toEqual(['assigned t/0 t/1']);
    const commit = outcome(a.commit(1));
    cluster.wake(a.consumer);
    await clock.tick();
    expect(await commit).toMatchObject({ code: 'COMMIT_FENCED' });
    expect(a.log[1]).toBe('lost t/0 t/1');
  });

  it('fail on demand, n times, for one group', async () => {
    const { clock, cluster, a } = await setup();
    cluster.faults.commit({ times: 2, groupId: 'g' });
    await expect(clock.runUntil(a.commit(1))).rejects.toMatchObject({ code: 'COMMIT_FAILED', canRetry: true });
    await expect(clock.runUntil(a.commit(1))).rejects.toMatchObject({ code: 'COMMIT_FAILED' });
    await clock.runUntil(a.commit(1));
    cluster.faults.commit({ groupId: 'other' });
    await clock.runUntil(a.commit(2));
    expect(cluster.commits.map((c) => c.refusal)).toEqual(['FAULT', 'FAULT', undefined, undefined]);
  });

  it('can be stored while their answer is lost', async () => {
    const { clock, cluster, a } = await setup();
    cluster.faults.commit({ answerLost: true });
    await expect(clock.runUntil(a.commit(5))).rejects.toMatchObject({ code: 'COMMIT_FAILED' });
    expect(cluster.committed('g', 't', 0)?.offset).toBe(5);
  });

  it('can be answered late', async () => {
    const { clock, cluster, a } = await setup();
    cluster.faults.commit({ answerDelayMs: 3_000 });
    const answered = deferred();
    void a.commit(5).then(answered.resolve);
    await clock.advance(2_999);
    expect(cluster.committed('g', 't', 0)?.offset).toBe(5);
    expect(answered.settled).toBe(false);
    await clock.advance(1);
    expect(answered.settled).toBe(true);
  });
});
