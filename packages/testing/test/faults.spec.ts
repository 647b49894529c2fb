import { describe, expect, it } from '@jest/globals';
import { FakeClock, InMemoryCluster } from '../src/index.js';
import { outcome, some, TestMember } from './member.js';

async function setup(options = {}) {
  const clock = new FakeClock();
  const cluster = new InMemoryCluster({ clock, ...options });
  cluster.createTopic('t', 1);
  const member = new TestMember(cluster.driver());
  void member.start();
  await clock.tick();
  return { clock, cluster, member };
}

describe('faults', () => {
  it('fence: the member learns it with its next heartbeat', async () => {
    const { clock, cluster, member } = await setup({ heartbeatIntervalMs: 3_000 });
    cluster.faults.fence(member.memberId);
    await clock.advance(2_999);
    expect(member.log).toEqual(['assigned t/0']);
    await clock.advance(1);
    expect(member.log).toEqual(['assigned t/0', 'lost t/0', 'assigned t/0']);
  });

  it('fence: or from its next commit, if that comes first', async () => {
    const { clock, cluster, member } = await setup({ heartbeatIntervalMs: 3_000 });
    cluster.faults.fence(member.memberId);
    const commit = outcome(member.commit(1));
    await clock.tick();
    expect(await commit).toMatchObject({ code: 'COMMIT_FENCED' });
    expect(member.log[1]).toBe('lost t/0');
    await clock.advance(10_000);
    expect(member.log).toHaveLength(3);
  });

  it('redeliverAfterJoin: starts at the committed offset whatever assigned says', async () => {
    const { clock, cluster, member } = await setup();
    cluster.produce(some(3));
    await clock.tick();
    await clock.runUntil(member.commit(1));
    cluster.faults.redeliverAfterJoin(true);
    void new TestMember(cluster.driver()).start();
    await clock.tick();
    expect(member.offsets()).toEqual([0, 1, 2, 1, 2]);
  });

  it('suspend: the session runs out while the member is silent, and it wakes to find its partitions lost', async () => {
    const { clock, cluster, member } = await setup({ sessionTimeoutMs: 10_000 });
    cluster.suspend(member.consumer);
    const other = new TestMember(cluster.driver());
    void other.start();
    cluster.produce(some(1));
    await clock.advance(10_000);
    expect(other.partitions).toEqual([0]);
    expect(member.log).toEqual(['assigned t/0']);
    const commit = outcome(member.commit(1));
    cluster.wake(member.consumer);
    await clock.tick();
    expect(await commit).toMatchObject({ code: 'COMMIT_FENCED' });
    expect(member.log[1]).toBe('lost t/0');
  });

  it('suspend: a member that wakes in time has lost nothing', async () => {
    const { clock, cluster, member } = await setup({ sessionTimeoutMs: 10_000 });
    cluster.suspend(member.consumer);
    cluster.produce(some(1));
    await clock.advance(9_999);
    cluster.wake(member.consumer);
    await clock.advance(60_000);
    expect(member.log).toEqual(['assigned t/0']);
    expect(member.offsets()).toEqual([0]);
  });

  it('clear forgets them', async () => {
    const { clock, cluster, member } = await setup();
    cluster.faults.commit({ times: 100 });
    cluster.faults.clear();
    await clock.runUntil(member.commit(1));
  });
});
