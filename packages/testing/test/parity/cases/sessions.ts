import { expect } from '@jest/globals';
import { WireGroup, type WireMember } from '../group.js';
import type { ParityCase } from './parity-case.js';

const SHORT = { sessionTimeoutMs: 1_500 };

export const SESSION_CASES: readonly ParityCase[] = [
  {
    title: 'a member that says nothing is out after its session timeout',
    run: async (world) => {
      const group = await WireGroup.of(world);
      const [a] = (await group.stable(1, SHORT)) as [WireMember];
      await world.pass(1_000);
      expect(await world.state(group.id)).toBe('Stable');
      await group.until('Empty');
      expect(await a.heartbeat()).toBe('UNKNOWN_MEMBER_ID');
    },
  },
  {
    title: 'heartbeats renew the session, and so do commits',
    run: async (world) => {
      const group = await WireGroup.of(world);
      const [a] = (await group.stable(1, SHORT)) as [WireMember];
      for (let i = 0; i < 3; i++) {
        await world.pass(900);
        expect(await a.commit(i)).toBe('ok');
      }
      for (let i = 0; i < 3; i++) {
        await world.pass(900);
        expect(await a.heartbeat()).toBe('ok');
      }
    },
  },
  {
    title: 'a commit or heartbeat with a wrong generation does not renew the session',
    run: async (world) => {
      const group = await WireGroup.of(world);
      const [a] = (await group.stable(1, SHORT)) as [WireMember];
      const generation = a.generation + 1;
      await world.pass(500);
      expect(await a.commit(1, { generation })).toBe('ILLEGAL_GENERATION');
      await world.pass(500);
      expect(await a.heartbeat(generation)).toBe('ILLEGAL_GENERATION');
      await world.pass(900);
      expect(await a.heartbeat()).toBe('UNKNOWN_MEMBER_ID');
    },
  },
  {
    title: 'a commit that is refused for its metadata renews the session',
    run: async (world) => {
      const group = await WireGroup.of(world);
      const [a] = (await group.stable(1, SHORT)) as [WireMember];
      for (let i = 0; i < 3; i++) {
        await world.pass(900);
        expect(await a.commit(1, { metadata: 'x'.repeat(4_097) })).toBe('OFFSET_METADATA_TOO_LARGE');
      }
      expect(await a.heartbeat()).toBe('ok');
    },
  },
  {
    title: 'a commit between JoinGroup and SyncGroup does not renew the session',
    run: async (world) => {
      const group = await WireGroup.of(world);
      const a = await group.member(SHORT);
      await a.join();
      await world.pass(1_000);
      expect(await a.commit(1)).toBe('REBALANCE_IN_PROGRESS');
      await world.pass(1_000);
      expect(await a.heartbeat()).toBe('UNKNOWN_MEMBER_ID');
    },
  },
  {
    title: 'heartbeats and commits renew the session while the group is PreparingRebalance',
    run: async (world) => {
      const group = await WireGroup.of(world);
      const [a] = (await group.stable(1, SHORT)) as [WireMember];
      const joins = (await group.member()).join();
      await group.until('PreparingRebalance');
      for (let i = 0; i < 2; i++) {
        await world.pass(900);
        expect(await a.heartbeat()).toBe('REBALANCE_IN_PROGRESS');
        await world.pass(900);
        expect(await a.commit(i)).toBe('ok');
      }
      await Promise.all([joins, a.join()]);
      expect(a.generation).toBe(2);
    },
  },
  {
    title: 'a silent member is out after its session timeout also while the group is PreparingRebalance',
    run: async (world) => {
      const group = await WireGroup.of(world);
      const [a] = (await group.stable(1, { ...SHORT, rebalanceTimeoutMs: 60_000 })) as [WireMember];
      const b = await group.member();
      const joins = b.join();
      await group.until('PreparingRebalance');
      await world.until('the newcomer is in', async () => (await world.state(group.id)) === 'CompletingRebalance');
      await joins;
      expect(b.leads).toBe(true);
      expect(await a.commit(1)).toBe('UNKNOWN_MEMBER_ID');
    },
  },
  {
    title: 'a member whose JoinGroup hangs keeps its session',
    run: async (world) => {
      const group = await WireGroup.of(world);
      const [a, b] = (await group.stable(2, SHORT)) as [WireMember, WireMember];
      const joins = a.join();
      await group.until('PreparingRebalance');
      for (let i = 0; i < 4; i++) {
        await world.pass(700);
        expect(await b.heartbeat()).toBe('REBALANCE_IN_PROGRESS');
      }
      await Promise.all([joins, b.join()]);
      expect([a.generation, b.generation]).toEqual([3, 3]);
    },
  },
];
