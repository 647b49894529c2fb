import { expect } from '@jest/globals';
import { said, watched, WireGroup, type WireMember } from '../group.js';
import type { ParityCase } from './parity-case.js';

export const REBALANCE_CASES: readonly ParityCase[] = [
  {
    title: 'heartbeats are answered by member, generation and state',
    run: async (world) => {
      const group = await WireGroup.of(world);
      const a = await group.member();
      await a.join();
      // Between JoinGroup and SyncGroup all is well.
      expect(await a.heartbeat()).toBe('ok');
      await a.sync({ [a.id]: [0] });
      expect(await a.heartbeat()).toBe('ok');
      expect(await a.heartbeat(a.generation + 1)).toBe('ILLEGAL_GENERATION');
      const joins = (await group.member()).join();
      await group.until('PreparingRebalance');
      expect(await a.heartbeat()).toBe('REBALANCE_IN_PROGRESS');
      expect(await said(a.wire.heartbeat(group.id, 'nobody', a.generation))).toBe('UNKNOWN_MEMBER_ID');
      await Promise.all([a.join(), joins]);
    },
  },
  {
    title: 'a member that is late for the join is out at the rebalance timeout, however alive it is',
    run: async (world) => {
      const group = await WireGroup.of(world);
      const [a] = (await group.stable(1, { rebalanceTimeoutMs: 2_000 })) as [WireMember];
      const b = await group.member({ rebalanceTimeoutMs: 2_000 });
      const joins = b.join();
      const joined = watched(joins);
      await group.until('PreparingRebalance');
      expect(await a.heartbeat()).toBe('REBALANCE_IN_PROGRESS');
      await world.pass(1_000);
      expect(await a.heartbeat()).toBe('REBALANCE_IN_PROGRESS');
      expect(joined.settled).toBe(false);
      await group.until('CompletingRebalance');
      await joins;
      expect(await a.heartbeat()).toBe('UNKNOWN_MEMBER_ID');
      expect(await said(a.join())).toBe('UNKNOWN_MEMBER_ID');
    },
  },
  {
    title: 'the group waits for the longest rebalance timeout of its members',
    run: async (world) => {
      const group = await WireGroup.of(world);
      await group.stable(1, { rebalanceTimeoutMs: 3_000 });
      const joins = (await group.member({ rebalanceTimeoutMs: 500 })).join();
      const joined = watched(joins);
      await group.until('PreparingRebalance');
      await world.pass(1_500);
      expect(joined.settled).toBe(false);
      await world.until('the join', () => joined.settled);
      await joins;
    },
  },
  {
    title: 'a member that leaves throws the others into a rebalance, and holds none up',
    run: async (world) => {
      const group = await WireGroup.of(world);
      const [a, b] = (await group.stable(2)) as [WireMember, WireMember];
      await b.wire.leave(group.id, b.id);
      await group.until('PreparingRebalance');
      expect(await a.heartbeat()).toBe('REBALANCE_IN_PROGRESS');
      expect(await b.heartbeat()).toBe('UNKNOWN_MEMBER_ID');
      await a.join();
      expect(a.generation).toBe(3);
      expect(await said(b.wire.leave(group.id, b.id))).toBe('UNKNOWN_MEMBER_ID');
    },
  },
  {
    title: 'a member that speaks no protocol of the group is refused',
    run: async (world) => {
      const group = await WireGroup.of(world);
      const [a] = (await group.stable()) as [WireMember];
      const odd = await group.member({ protocol: 'another' });
      expect(await said(odd.join())).toBe('INCONSISTENT_GROUP_PROTOCOL');
      expect(await a.heartbeat()).toBe('ok');
      // Nor may a member that is alone in the group change its mind: its own old word counts too.
      expect(await said(a.join({ protocol: 'another' }))).toBe('INCONSISTENT_GROUP_PROTOCOL');
      await a.wire.leave(group.id, a.id);
      await odd.join();
      expect(odd.leads).toBe(true);
    },
  },
  {
    title: 'a member id that the group has not given is refused',
    run: async (world) => {
      const group = await WireGroup.of(world);
      await group.stable();
      expect(await said((await group.member({ memberId: 'made-up' })).join())).toBe('UNKNOWN_MEMBER_ID');
    },
  },
  {
    title: 'a follower that joins again unchanged is answered with the generation that is, the leader starts another',
    run: async (world) => {
      const group = await WireGroup.of(world);
      const [a, b] = (await group.stable(2)) as [WireMember, WireMember];
      expect([a.leads, b.leads]).toEqual([true, false]);
      await b.join();
      expect(b.generation).toBe(2);
      expect(await world.state(group.id)).toBe('Stable');
      expect(await b.sync()).toEqual([1]);
      const joins = a.join();
      await group.until('PreparingRebalance');
      await Promise.all([joins, b.join()]);
      expect([a.generation, b.generation]).toEqual([3, 3]);
    },
  },
  {
    title: 'a JoinGroup repeated before SyncGroup is answered with the same generation',
    run: async (world) => {
      const group = await WireGroup.of(world);
      const a = await group.member();
      await a.join();
      await a.join();
      expect(a.generation).toBe(1);
      expect(await a.sync({ [a.id]: [1] })).toEqual([1]);
    },
  },
  {
    title: 'SyncGroup waits for the leader, and repeats itself when the group is stable',
    run: async (world) => {
      const group = await WireGroup.of(world);
      const [a, b] = (await group.stable(2)) as [WireMember, WireMember];
      await Promise.all([a.join(), group.until('PreparingRebalance').then(() => b.join())]);
      const waits = b.sync();
      const state = watched(waits);
      await world.pass(300);
      expect(state.settled).toBe(false);
      expect(await a.sync({ [a.id]: [1], [b.id]: [0] })).toEqual([1]);
      expect(await waits).toEqual([0]);
      expect(await b.sync()).toEqual([0]);
      const stale = (generation: number): Promise<string> => said(b.wire.sync(group.id, b.id, generation, group.topic));
      expect(await stale(b.generation - 1)).toBe('ILLEGAL_GENERATION');
      expect(await said(b.wire.sync(group.id, 'nobody', b.generation, group.topic))).toBe('UNKNOWN_MEMBER_ID');
      const joins = (await group.member()).join();
      await group.until('PreparingRebalance');
      expect(await stale(b.generation)).toBe('REBALANCE_IN_PROGRESS');
      await Promise.all([joins, a.join(), b.join()]);
    },
  },
  {
    title: 'a newcomer while SyncGroup is waited for starts another generation',
    run: async (world) => {
      const group = await WireGroup.of(world);
      const [a, b] = (await group.stable(2)) as [WireMember, WireMember];
      await Promise.all([a.join(), group.until('PreparingRebalance').then(() => b.join())]);
      const waits = said(b.sync());
      const c = await group.member();
      const joins = c.join();
      expect(await waits).toBe('REBALANCE_IN_PROGRESS');
      await Promise.all([joins, a.join(), b.join()]);
      expect([a.generation, b.generation, c.generation]).toEqual([4, 4, 4]);
    },
  },
  {
    title: 'a member that joins and never syncs is out at the rebalance timeout, whatever heartbeats it sends',
    run: async (world) => {
      const group = await WireGroup.of(world);
      const [a, b] = (await group.stable(2, { rebalanceTimeoutMs: 2_000 })) as [WireMember, WireMember];
      await Promise.all([a.join(), group.until('PreparingRebalance').then(() => b.join())]);
      await a.sync({ [a.id]: [0], [b.id]: [1] });
      expect(await world.state(group.id)).toBe('Stable');
      await world.pass(1_200);
      expect([await a.heartbeat(), await b.heartbeat()]).toEqual(['ok', 'ok']);
      await group.until('PreparingRebalance');
      expect([await a.heartbeat(), await b.heartbeat()]).toEqual(['REBALANCE_IN_PROGRESS', 'UNKNOWN_MEMBER_ID']);
      await a.join();
      await a.sync({ [a.id]: [0, 1] });
      await world.pass(2_500);
      expect(await a.heartbeat()).toBe('ok');
    },
  },
  {
    title: 'a member that joins and never syncs is out when its session ends, and the others begin anew',
    run: async (world) => {
      const group = await WireGroup.of(world);
      const a = await group.member({ sessionTimeoutMs: 1_500 });
      await a.join();
      await group.until('Empty');
      expect(await a.heartbeat()).toBe('UNKNOWN_MEMBER_ID');
      // The empty generation counts.
      const b = await group.member();
      await b.join();
      expect(b.generation).toBe(3);
    },
  },
];
