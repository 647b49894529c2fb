import { expect } from '@jest/globals';
import { said, WireGroup, type WireMember } from '../group.js';
import type { ParityCase } from './parity-case.js';

export const TRANSACTION_CASES: readonly ParityCase[] = [
  {
    title: 'a committed transaction leaves a marker, an aborted one a gap',
    run: async (world) => {
      const topic = await world.createTopic(1);
      await world.produce(topic, 0, [{}]);
      const id = world.name('transaction');
      const committed = await world.begin(id);
      await committed.produce(topic, 0, [{}, {}]);
      await committed.commit();
      await world.until('the marker', async () => (await world.range(topic, 0)).high === 4);
      const aborted = await world.begin(id);
      await aborted.produce(topic, 0, [{}, {}]);
      await aborted.abort();
      await world.until('the marker', async () => (await world.range(topic, 0)).high === 7);
      await world.produce(topic, 0, [{}]);
      expect(await world.read(topic, 0, 0)).toEqual([0, 1, 2, 7]);
      expect(await world.read(topic, 0, 0, true)).toEqual([0, 1, 2, 4, 5, 7]);
      expect(await world.range(topic, 0)).toEqual({ low: 0, high: 8 });
    },
  },
  {
    title: 'an open transaction hides itself and everything behind it',
    run: async (world) => {
      const topic = await world.createTopic(1);
      await world.produce(topic, 0, [{}]);
      const open = await world.begin(world.name('transaction'));
      await open.produce(topic, 0, [{}]);
      await world.produce(topic, 0, [{}]);
      expect(await world.read(topic, 0, 0)).toEqual([0]);
      expect(await world.read(topic, 0, 1)).toEqual([]);
      // Past the last stable offset, and in range all the same.
      expect(await world.read(topic, 0, 2)).toEqual([]);
      expect(await world.read(topic, 0, 0, true)).toEqual([0, 1, 2]);
      await open.commit();
      await world.until('the records', async () => (await world.read(topic, 0, 0)).length === 3);
    },
  },
  {
    title: 'a second producer with the same transactional id fences the first and aborts what it had open',
    run: async (world) => {
      const topic = await world.createTopic(1);
      const id = world.name('transaction');
      const first = await world.begin(id);
      await first.produce(topic, 0, [{}]);
      const second = await world.begin(id);
      expect(await said(first.produce(topic, 0, [{}]))).toBe('INVALID_PRODUCER_EPOCH');
      expect(await said(first.commit())).toBe('INVALID_PRODUCER_EPOCH');
      await second.produce(topic, 0, [{}]);
      await second.commit();
      await world.until('the record', async () => (await world.read(topic, 0, 0)).length === 1);
      expect(await world.read(topic, 0, 0)).toEqual([2]);
    },
  },
  {
    title: 'offsets of a producer that is fenced are refused, and so is its abort',
    run: async (world) => {
      const group = await WireGroup.of(world);
      const id = world.name('transaction');
      const first = await world.begin(id);
      const offset = { topic: group.topic, partition: 0, offset: 3, metadata: '' };
      await first.commitOffsets(group.id, [offset]);
      const second = await world.begin(id);
      expect(await said(first.commitOffsets(group.id, [offset]))).toBe('INVALID_PRODUCER_EPOCH');
      expect(await said(first.abort())).toBe('INVALID_PRODUCER_EPOCH');
      await second.commitOffsets(group.id, [{ ...offset, offset: 4 }]);
      await second.commit();
      await world.until('the offset', async () => (await group.committed())?.offset === 4);
    },
  },
  {
    title: 'whoever takes a transactional id over finds what was committed under it at once',
    run: async (world) => {
      const group = await WireGroup.of(world);
      const topic = await world.createTopic(2);
      const id = world.name('transaction');
      for (let round = 1; round <= 5; round++) {
        const transaction = await world.begin(id);
        // The marker of the round before has an offset of its own.
        if (round > 1) {
          expect((await group.committed())?.offset).toBe(round - 1);
          expect(await world.range(topic, 1)).toEqual({ low: 0, high: (round - 1) * 2 });
        }
        for (const partition of [0, 1]) await transaction.produce(topic, partition, [{}]);
        const offset = { topic: group.topic, partition: 0, offset: round, metadata: '' };
        await transaction.commitOffsets(group.id, [offset]);
        await transaction.commit();
      }
    },
  },
  {
    title: 'a transaction whose time is up is aborted, and its producer is fenced',
    run: async (world) => {
      const group = await WireGroup.of(world);
      const topic = await world.createTopic(1);
      const id = world.name('transaction');
      const late = await world.begin(id, 1_000);
      await late.produce(topic, 0, [{}]);
      await late.commitOffsets(group.id, [{ topic: group.topic, partition: 0, offset: 3, metadata: '' }]);
      // A broker looks every 10 s.
      await world.until('the marker', async () => (await world.range(topic, 0)).high === 2);
      expect(await world.read(topic, 0, 0)).toEqual([]);
      expect(await said(late.produce(topic, 0, [{}]))).toBe('INVALID_PRODUCER_EPOCH');
      expect(await said(late.commit())).toBe('INVALID_PRODUCER_EPOCH');
      expect(await group.committed()).toBeUndefined();
      await (await world.begin(id)).abort();
    },
  },
  {
    title: 'offsets of a transaction are seen once it is committed, and never when it is aborted',
    run: async (world) => {
      const group = await WireGroup.of(world);
      const offset = { topic: group.topic, partition: 0, offset: 5, metadata: 'map' };
      const id = world.name('transaction');
      const aborted = await world.begin(id);
      await aborted.commitOffsets(group.id, [{ ...offset, offset: 3 }]);
      await aborted.abort();
      const committed = await world.begin(id);
      await committed.commitOffsets(group.id, [offset]);
      expect(await group.committed()).toBeUndefined();
      await committed.commit();
      await world.until('the offset', async () => (await group.committed()) !== undefined);
      expect(await group.committed()).toEqual({ offset: 5, metadata: 'map' });
    },
  },
  {
    title: 'offsets of a transaction are taken from somebody who is no member',
    run: async (world) => {
      const group = await WireGroup.of(world);
      const [a] = (await group.stable()) as [WireMember];
      const transaction = await world.begin(world.name('transaction'));
      const offset = { topic: group.topic, partition: 0, offset: 5, metadata: '' };
      expect(await said(transaction.commitOffsets(group.id, [offset]))).toBe('ok');
      await transaction.commit();
      await world.until('the offset', async () => (await group.committed())?.offset === 5);
      expect(await a.commit(6)).toBe('ok');
    },
  },
  {
    title: 'a commit made after the offsets of an open transaction stands when that is committed',
    run: async (world) => {
      const group = await WireGroup.of(world);
      const [a] = (await group.stable()) as [WireMember];
      const transaction = await world.begin(world.name('transaction'));
      const offset = { topic: group.topic, partition: 0, offset: 5, metadata: '' };
      await transaction.commitOffsets(group.id, [offset, { ...offset, partition: 1 }]);
      expect(await a.commit(7)).toBe('ok');
      await transaction.commit();
      await world.until('the other offset', async () => (await group.committed(1))?.offset === 5);
      expect((await group.committed())?.offset).toBe(7);
    },
  },
  {
    title: 'metadata of a transaction is limited as any other',
    run: async (world) => {
      const group = await WireGroup.of(world);
      const transaction = await world.begin(world.name('transaction'));
      const offset = { topic: group.topic, partition: 0, offset: 5, metadata: 'x'.repeat(4_097) };
      expect(await said(transaction.commitOffsets(group.id, [offset]))).toBe('OFFSET_METADATA_TOO_LARGE');
    },
  },
];
