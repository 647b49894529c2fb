import { describe, expect, it } from '@jest/globals';
import { deferred, FakeClock, type Hop, InMemoryCluster } from '../src/index.js';
import { outcome, some, TestMember } from './member.js';

describe('the connection of a client', () => {
  it('keeps the order of its messages whatever each of them takes', async () => {
    const clock = new FakeClock();
    const hops: Hop[] = [];
    let falling = 1_000;
    const cluster = new InMemoryCluster({
      clock,
      latencyMs: (hop) => {
        hops.push(hop);
        return (falling = Math.max(0, falling - 30));
      },
    });
    cluster.createTopic('t', 1);
    const member = new TestMember(cluster.driver({ clientId: 'shop' }));
    void member.start();
    await clock.advance(60_000);
    falling = 1_000;
    const answered: number[] = [];
    for (let offset = 1; offset <= 5; offset++) void member.commit(offset).then(() => answered.push(offset));
    await clock.advance(60_000);
    expect(cluster.commits.map((commit) => commit.offsets[0]?.offset)).toEqual([1, 2, 3, 4, 5]);
    expect(answered).toEqual([1, 2, 3, 4, 5]);
    expect(new Set(hops.map(({ from, to }) => `${from} ${to}`))).toEqual(
      new Set(['shop/consumer-1 cluster', 'cluster shop/consumer-1']),
    );
    expect(clock.pending).toBe(0);
  });

  it('carries nothing past a JoinGroup that hangs: a commit sent behind it has the old generation', async () => {
    const clock = new FakeClock();
    const cluster = new InMemoryCluster({ clock });
    cluster.createTopic('t', 2);
    const [a, b] = [new TestMember(cluster.driver()), new TestMember(cluster.driver())];
    void a.start();
    void b.start();
    await clock.tick();
    const drained = deferred();
    b.onRevoking = () => drained.promise;
    void new TestMember(cluster.driver()).start();
    // a has asked to join, b drains: the group waits for it.
    await clock.advance(1_000);
    const commit = outcome(a.commit(1));
    await clock.advance(1_000);
    expect(cluster.commits).toEqual([]);
    drained.resolve();
    await clock.tick();
    expect(await commit).toMatchObject({ code: 'COMMIT_STALE' });
    expect(cluster.commits).toMatchObject([{ generation: 1, refusal: 'ILLEGAL_GENERATION' }]);
  });

  it('delays records by a hop of their own', async () => {
    const clock = new FakeClock();
    const cluster = new InMemoryCluster({ clock, latencyMs: ({ to }) => (to === 'cluster' ? 0 : 10) });
    cluster.createTopic('t', 1);
    const member = new TestMember(cluster.driver());
    void member.start();
    await clock.advance(1_000);
    cluster.produce(some(1));
    await clock.advance(9);
    expect(member.offsets()).toEqual([]);
    await clock.advance(1);
    expect(member.offsets()).toEqual([0]);
  });
});
