import { describe, expect, it } from '@jest/globals';
import { deferred, FakeClock, InMemoryCluster } from '../src/index.js';
import { outcome, TestMember } from './member.js';

async function draining(heartbeatsDuringRevoke: boolean) {
  const clock = new FakeClock();
  const cluster = new InMemoryCluster({ clock, sessionTimeoutMs: 6_000 });
  cluster.createTopic('t', 2);
  const driver = cluster.driver({ heartbeatsDuringRevoke });
  const a = new TestMember(driver);
  void a.start();
  await clock.tick();
  const drained = deferred();
  a.onRevoking = () => drained.promise;
  const b = new TestMember(driver);
  void b.start();
  await clock.tick();
  expect(cluster.group('g').state).toBe('PreparingRebalance');
  return { clock, cluster, driver, a, b, drained };
}

describe('the session of a member that drains', () => {
  it('goes on by the heartbeats of the client', async () => {
    const { clock, driver, a, b, drained } = await draining(true);
    expect(driver.capabilities.keepAliveDuringRevokeMs).toBeUndefined();
    await clock.advance(20_000);
    expect(b.partitions).toEqual([]);
    drained.resolve();
    await clock.tick();
    expect(a.log).not.toContain('lost t/0 t/1');
    expect(clock.pending).toBe(0);
  });

  it('runs out where the client sends none', async () => {
    const { clock, cluster, a, b, drained } = await draining(false);
    await clock.advance(5_999);
    expect(b.partitions).toEqual([]);
    await clock.advance(1);
    expect(b.partitions).toEqual([0, 1]);
    // It hears of that from its next request.
    expect(a.log.at(-1)).toBe('revoking t/0 t/1');
    expect(await clock.runUntil(outcome(a.commit(1)))).toMatchObject({ code: 'COMMIT_FENCED' });
    await clock.tick();
    expect(a.log[2]).toBe('lost t/0 t/1');
    drained.resolve();
    await clock.tick();
    expect(cluster.group('g').members).toHaveLength(2);
    expect(clock.pending).toBe(0);
  });

  it('goes on as long as commits renew it', async () => {
    const { clock, driver, a, b, drained } = await draining(false);
    const paceMs = driver.capabilities.keepAliveDuringRevokeMs?.({ groupId: 'g', topics: ['t'] });
    expect(paceMs).toBe(1_500);
    for (let ms = 0; ms < 20_000; ms += 1_500) {
      await clock.advance(1_500);
      await clock.runUntil(a.commit(1));
    }
    expect(b.partitions).toEqual([]);
    drained.resolve();
    await clock.tick();
    expect(a.log.at(-1)).toBe('assigned t/0');
    expect(clock.pending).toBe(0);
  });

  it('takes the session timeout of the consumer for the pace', () => {
    const driver = new InMemoryCluster().driver({ heartbeatsDuringRevoke: false });
    const options = { groupId: 'g', topics: [], sessionTimeoutMs: 2_000 };
    expect(driver.capabilities.keepAliveDuringRevokeMs?.(options)).toBe(500);
  });
});

it('a member that dies while its JoinGroup hangs is in the next generation, and out a session timeout later', async () => {
  const { clock, cluster, a, b, drained } = await draining(true);
  const { memberId } = b.consumer as unknown as { memberId: string };
  cluster.crash(b.consumer);
  await clock.advance(10_000);
  drained.resolve();
  await clock.tick();
  expect(cluster.group('g').members.map((member) => member.memberId)).toContain(memberId);
  await clock.advance(5_999);
  expect(a.partitions).toEqual([0]);
  await clock.advance(1);
  expect(a.partitions).toEqual([0, 1]);
  expect(clock.pending).toBe(0);
});
