import { expect } from '@jest/globals';
import { said, watched, WireGroup, type WireMember } from '../group.js';
import type { ParityCase } from './parity-case.js';

export const COMMIT_CASES: readonly ParityCase[] = [
  {
    title: 'a commit with the current generation is accepted while the group is PreparingRebalance',
    run: async (world) => {
      const group = await WireGroup.of(world);
      const [a] = (await group.stable()) as [WireMember];
      const joins = (await group.member()).join();
      await group.until('PreparingRebalance');
      expect(await a.commit(5, { metadata: 'map' })).toBe('ok');
      expect(await group.committed()).toEqual({ offset: 5, metadata: 'map' });
      await Promise.all([a.join(), joins]);
    },
  },
  {
    title: 'a commit with an old generation is refused with ILLEGAL_GENERATION',
    run: async (world) => {
      const group = await WireGroup.of(world);
      const [a] = (await group.stable(2)) as [WireMember];
      expect(await a.commit(5, { generation: a.generation - 1 })).toBe('ILLEGAL_GENERATION');
      expect(await group.committed()).toBeUndefined();
    },
  },
  {
    title: 'a commit of an unknown member is refused with UNKNOWN_MEMBER_ID',
    run: async (world) => {
      const group = await WireGroup.of(world);
      const [a] = (await group.stable()) as [WireMember];
      a.id = `${a.id}-x`;
      expect(await a.commit(5)).toBe('UNKNOWN_MEMBER_ID');
    },
  },
  {
    title: 'a commit between JoinGroup and SyncGroup is refused with REBALANCE_IN_PROGRESS',
    run: async (world) => {
      const group = await WireGroup.of(world);
      const a = await group.member();
      await a.join();
      expect(await world.state(group.id)).toBe('CompletingRebalance');
      expect(await a.commit(5)).toBe('REBALANCE_IN_PROGRESS');
      await a.sync({ [a.id]: [0] });
      expect(await a.commit(5)).toBe('ok');
    },
  },
  {
    title: 'a commit of the right generation is accepted for a partition that somebody else owns',
    run: async (world) => {
      const group = await WireGroup.of(world);
      const [a] = (await group.stable(2)) as [WireMember];
      expect(await a.commit(7, { partition: 1 })).toBe('ok');
      expect((await group.committed(1))?.offset).toBe(7);
    },
  },
  {
    title: 'metadata is limited to 4,096 characters, not bytes',
    run: async (world) => {
      const group = await WireGroup.of(world);
      const [a] = (await group.stable()) as [WireMember];
      const metadata = 'ü'.repeat(4_096);
      expect(await a.commit(1, { metadata })).toBe('ok');
      expect(await a.commit(2, { metadata: `${metadata}x` })).toBe('OFFSET_METADATA_TOO_LARGE');
      expect(await group.committed()).toEqual({ offset: 1, metadata });
    },
  },
  {
    title: 'of a commit that is refused for one partition the others are stored',
    run: async (world) => {
      const group = await WireGroup.of(world);
      const [a] = (await group.stable()) as [WireMember];
      const offset = { topic: group.topic, offset: 3, metadata: '' };
      const mixed = [
        { ...offset, partition: 0 },
        { ...offset, partition: 1, metadata: 'x'.repeat(4_097) },
      ];
      expect(await said(a.wire.commit(group.id, a.id, a.generation, mixed))).toBe('OFFSET_METADATA_TOO_LARGE');
      expect(await group.committed(0)).toEqual({ offset: 3, metadata: '' });
      expect(await group.committed(1)).toBeUndefined();
    },
  },
  {
    title: 'a commit for a partition that does not exist is refused for that partition alone',
    run: async (world) => {
      const group = await WireGroup.of(world, 1);
      const [a] = (await group.stable()) as [WireMember];
      expect(await a.commit(1, { partition: 9 })).toBe('UNKNOWN_TOPIC_OR_PARTITION');
      const offset = { topic: group.topic, offset: 4, metadata: '' };
      const mixed = [
        { ...offset, partition: 9 },
        { ...offset, partition: 0 },
      ];
      expect(await said(a.wire.commit(group.id, a.id, a.generation, mixed))).toBe('UNKNOWN_TOPIC_OR_PARTITION');
      expect((await group.committed(0))?.offset).toBe(4);
    },
  },
  {
    title: 'a commit may go back, and a negative one counts as nothing',
    run: async (world) => {
      const group = await WireGroup.of(world);
      const [a] = (await group.stable()) as [WireMember];
      expect(await a.commit(9)).toBe('ok');
      expect(await a.commit(2)).toBe('ok');
      expect((await group.committed())?.offset).toBe(2);
      expect(await a.commit(-1)).toBe('ok');
      expect(await group.committed()).toBeUndefined();
    },
  },
  {
    title: 'offsets outlive the members',
    run: async (world) => {
      const group = await WireGroup.of(world);
      const [a] = (await group.stable()) as [WireMember];
      await a.commit(5, { metadata: 'map' });
      await a.wire.leave(group.id, a.id);
      await group.until('Empty');
      expect(await group.committed()).toEqual({ offset: 5, metadata: 'map' });
      expect(await a.commit(6)).toBe('UNKNOWN_MEMBER_ID');
    },
  },
  {
    title: 'nobody in particular may commit while the group is empty, and not while it has members',
    run: async (world) => {
      const group = await WireGroup.of(world);
      const wire = await world.connect();
      const commit = (offset: number): Promise<string> =>
        said(wire.commit(group.id, '', -1, [{ topic: group.topic, partition: 0, offset, metadata: '' }]));
      expect(await commit(1)).toBe('ok');
      const [a] = (await group.stable()) as [WireMember];
      expect(await commit(2)).toBe('UNKNOWN_MEMBER_ID');
      expect((await group.committed())?.offset).toBe(1);
      await a.wire.leave(group.id, a.id);
      expect(await commit(3)).toBe('ok');
    },
  },
  {
    title: 'a commit behind a JoinGroup that hangs waits for it, and then has the old generation',
    run: async (world) => {
      const group = await WireGroup.of(world);
      const [a, b] = (await group.stable(2)) as [WireMember, WireMember];
      const { generation } = a;
      const joins = a.join();
      const commit = a.commit(5, { generation });
      const state = watched(commit);
      await group.until('PreparingRebalance');
      await world.pass(500);
      expect(state.settled).toBe(false);
      // Over another connection it is accepted, though the member has asked to join.
      const offset = { topic: group.topic, partition: 1, offset: 6, metadata: '' };
      expect(await said(b.wire.commit(group.id, a.id, generation, [offset]))).toBe('ok');
      await Promise.all([joins, b.join()]);
      expect(await commit).toBe('ILLEGAL_GENERATION');
      expect(await group.committed(0)).toBeUndefined();
    },
  },
];
