import { describe, expect, it } from '@jest/globals';
import { deferred, FakeClock, InMemoryCluster } from '../src/index.js';
import { some, TestMember } from './member.js';

function setup(partitions = 4) {
  const clock = new FakeClock();
  const cluster = new InMemoryCluster({ clock });
  cluster.createTopic('t', partitions);
  const join = (options = {}): TestMember => {
    const member = new TestMember(cluster.driver({ incrementalRebalance: true }), options);
    void member.start();
    return member;
  };
  return { clock, cluster, join };
}

describe('cooperative rebalance', () => {
  it('revokes only what leaves and gives it away in a second round', async () => {
    const { clock, cluster, join } = setup();
    const a = join();
    await clock.tick();
    const b = join();
    await clock.tick();
    expect(a.log).toEqual([
      'assigned t/0 t/1 t/2 t/3',
      'revoking t/2 t/3',
      'revoked t/2 t/3',
      'assigned t/0 t/1',
      'assigned t/0 t/1',
    ]);
    expect(b.log).toEqual(['assigned -', 'assigned t/2 t/3']);
    expect(cluster.group('g')).toMatchObject({ state: 'Stable', generation: 3, protocol: 'cooperative-sticky' });
  });

  it('goes on handing over partitions that stay, and commits, while others are drained', async () => {
    const { clock, cluster, join } = setup();
    const a = join();
    await clock.tick();
    const drained = deferred();
    a.onRevoking = async () => {
      await drained.promise;
      await a.commit(9, 3);
    };
    const b = join();
    await clock.tick();
    cluster.produce([...some(1, 0), ...some(1, 3)]);
    await clock.advance(1_000);
    expect(a.offsets(0)).toEqual([0]);
    expect(a.offsets(3)).toEqual([]);
    await clock.runUntil(a.commit(1, 0));
    drained.resolve();
    await clock.tick();
    expect(cluster.commits.map((c) => [c.generation, c.accepted])).toEqual([
      [2, true],
      [2, true],
    ]);
    expect(b.partitions).toEqual([2, 3]);
  });

  it('takes the partitions of a member that crashed without revoking any', async () => {
    const { clock, cluster, join } = setup();
    const [a, b] = [join(), join()];
    await clock.tick();
    const before = b.log.length;
    cluster.crash(a.memberId);
    await clock.advance(30_000);
    expect(b.log.slice(before)).toEqual(['assigned t/1 t/3 t/0 t/2']);
  });

  it('lets a partition go when its drain outlasts the deadline, and keeps the member', async () => {
    const { clock, join } = setup(2);
    const a = join({ rebalanceTimeoutMs: 5_000 });
    await clock.tick();
    const { memberId } = a;
    a.onRevoking = () => deferred().promise;
    const b = join();
    await clock.advance(4_999);
    expect(b.partitions).toEqual([]);
    await clock.advance(1);
    expect(b.partitions).toEqual([1]);
    expect(a.memberId).toBe(memberId);
  });

  it('evens out three members and keeps what can be kept', async () => {
    const { clock, join } = setup(6);
    const a = join();
    await clock.tick();
    const b = join();
    await clock.tick();
    const keptByB = b.partitions;
    const c = join();
    await clock.tick();
    expect([a, b, c].map((m) => m.partitions.length)).toEqual([2, 2, 2]);
    expect([...a.partitions, ...b.partitions, ...c.partitions].sort()).toEqual([0, 1, 2, 3, 4, 5]);
    expect(b.partitions.every((p) => keptByB.includes(p))).toBe(true);
  });

  it('refuses an eager member', async () => {
    const { clock, cluster, join } = setup();
    join();
    await clock.tick();
    const eager = new TestMember(cluster.driver());
    await clock.runUntil(eager.start());
    await clock.tick();
    expect(eager.states).toEqual(['connecting', 'crashed']);
    expect(cluster.group('g').members).toHaveLength(1);
  });
});
