import { describe, expect, it } from '@jest/globals';
import { deferred, FakeClock, InMemoryCluster } from '../src/index.js';
import { some, TestMember } from './member.js';

function setup(partitions = 4) {
  const clock = new FakeClock();
  const cluster = new InMemoryCluster({ clock });
  cluster.createTopic('t', partitions);
  const join = (options = {}): TestMember => {
    const member = new TestMember(cluster.driver(), options);
    void member.start();
    return member;
  };
  return { clock, cluster, join };
}

describe('eager rebalance', () => {
  it('gives a single member everything', async () => {
    const { clock, cluster, join } = setup();
    const a = join();
    await clock.tick();
    expect(a.log).toEqual(['assigned t/0 t/1 t/2 t/3']);
    expect(a.assignment).toMatchObject({ generation: 1, isLeader: true, protocol: 'roundrobin' });
    expect(cluster.group('g')).toMatchObject({ state: 'Stable', generation: 1 });
  });

  it('revokes everything and waits before it gives anything away', async () => {
    const { clock, cluster, join } = setup();
    const a = join();
    await clock.tick();
    const drained = deferred();
    a.onRevoking = () => drained.promise;
    const b = join();
    await clock.advance(1_000);
    expect(a.log.slice(1)).toEqual(['revoking t/0 t/1 t/2 t/3']);
    expect(b.log).toEqual([]);
    expect(cluster.group('g')).toMatchObject({ state: 'PreparingRebalance', generation: 1 });
    cluster.produce(some(1));
    await clock.tick();
    expect(a.batches).toHaveLength(0);
    drained.resolve();
    await clock.tick();
    expect(a.log.slice(2)).toEqual(['revoked t/0 t/1 t/2 t/3', 'assigned t/0 t/2']);
    expect(b.log).toEqual(['assigned t/1 t/3']);
    expect(a.offsets(0)).toEqual([0]);
    expect(a.states).toEqual(['connecting', 'joined', 'rebalancing', 'joined']);
  });

  it('coalesces joins of one moment into one generation', async () => {
    const { clock, cluster, join } = setup();
    const members = [join(), join(), join()];
    await clock.tick();
    expect(cluster.group('g').generation).toBe(1);
    expect(members.map((m) => m.partitions)).toEqual([[0, 3], [1], [2]]);
  });

  it('gives the partitions of a member that leaves to the others', async () => {
    const { clock, cluster, join } = setup();
    const [a, b] = [join(), join()];
    await clock.tick();
    await clock.runUntil(a.consumer.stop());
    await clock.tick();
    expect(b.partitions).toEqual([0, 1, 2, 3]);
    expect(a.log).toEqual(['assigned t/0 t/2']);
    expect(a.states.at(-1)).toBe('stopped');
    expect(cluster.consumers('g')).toEqual([b.consumer]);
  });

  it('notices a crashed member after its session timeout', async () => {
    const { clock, cluster, join } = setup();
    const [a, b] = [join({ sessionTimeoutMs: 6_000 }), join()];
    await clock.tick();
    cluster.crash(a.consumer);
    cluster.produce(some(1, 0));
    await clock.advance(5_999);
    expect(b.partitions).toEqual([1, 3]);
    await clock.advance(1);
    expect(b.partitions).toEqual([0, 1, 2, 3]);
    expect(b.offsets(0)).toEqual([0]);
    expect(a.log).toEqual(['assigned t/0 t/2']);
    expect(a.batches).toHaveLength(0);
  });

  it('expels a member that does not come back from revoking in time', async () => {
    const { clock, cluster, join } = setup();
    const a = join({ rebalanceTimeoutMs: 5_000 });
    await clock.tick();
    const { memberId } = a;
    a.onRevoking = () => deferred().promise;
    const b = join({ rebalanceTimeoutMs: 5_000 });
    await clock.advance(4_999);
    expect(b.partitions).toEqual([]);
    const commit = a.commit(1);
    await clock.tick();
    await expect(commit).resolves.toBeUndefined();
    await clock.advance(1);
    expect(a.log).toContain('lost t/0 t/1 t/2 t/3');
    expect(cluster.group('g').members.map((m) => m.memberId)).not.toContain(memberId);
    // Back under a new id, after a rebalance of its own.
    expect([...a.partitions, ...b.partitions].sort()).toEqual([0, 1, 2, 3]);
    expect(a.memberId).not.toBe(memberId);
  });

  it('ends the membership instead of joining when stop has been announced', async () => {
    const { clock, join } = setup();
    const a = join();
    await clock.tick();
    a.consumer.stopping();
    const b = join();
    await clock.tick();
    expect(a.log.slice(1)).toEqual(['revoking t/0 t/1 t/2 t/3', 'revoked t/0 t/1 t/2 t/3']);
    expect(a.states.at(-1)).toBe('stopped');
    expect(b.partitions).toEqual([0, 1, 2, 3]);
    await clock.runUntil(a.consumer.stop());
    expect(a.states.filter((s) => s === 'stopped')).toHaveLength(1);
  });

  it('leaves no member behind when stop comes during the first join', async () => {
    const { clock, cluster, join } = setup();
    const a = join();
    await clock.runUntil(a.consumer.stop());
    await clock.advance(100_000);
    expect(cluster.group('g').members).toEqual([]);
    expect(a.log).toEqual([]);
    expect(clock.pending).toBe(0);
  });
});
