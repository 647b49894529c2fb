import { describe, expect, it, jest } from '@jest/globals';
import { KafkaWorkerRuntime } from '@kafka-worker/nestjs';
import { play } from '../src/harness/play.js';
import { Amounts, MendedAmounts } from '../src/recipes/11-freeze/amounts.js';
import { BookingsModule } from '../src/recipes/11-freeze/bookings.module.js';
import { LedgerService } from '../src/recipes/11-freeze/ledger.service.js';
import { freezeOnFailure } from '../src/recipes/11-freeze/recipe.js';
import { expectFreeze } from './expected/11-freeze.js';
import { testRecipe } from './support/test-recipe.js';

jest.setTimeout(60_000);

const POISON = { partition: 1, key: 'a', value: { amount: '12,50' } };
const good = (partition: number, key: string) => ({ partition, key, value: { amount: '10.00' } });

it('what stands goes on with mended code, or past the record', async () => {
  expectFreeze(await play(freezeOnFailure));
});

describe('a booking that fails three times', () => {
  it('stops its partition, or just its key', async () => {
    const { kafka, moduleRef } = await testRecipe(BookingsModule.release(Amounts), { partitions: 2 });
    const poison = await kafka.deliver('bookings', POISON);
    expect(poison.in('by-partition')).toMatchObject({ disposition: 'frozen', attempts: 3 });
    expect(poison.in('by-key')).toMatchObject({ disposition: 'frozen', attempts: 3 });
    expect(moduleRef.get(KafkaWorkerRuntime).inspect()).toMatchObject({
      groups: [
        {
          groupId: 'by-partition',
          partitions: [{}, { frozen: [{ scope: 'partition', reason: 'attempts', offset: 0 }] }],
        },
        {
          groupId: 'by-key',
          partitions: [{}, { frozen: [{ scope: 'key', key: 'a', reason: 'attempts', offset: 0 }] }],
        },
      ],
    });

    expect(await kafka.deliver('bookings', good(0, 'a'))).toMatchObject({ disposition: 'done' });
    await expect(kafka.deliver('bookings', good(1, 'b'))).rejects.toThrow('bookings/1 is frozen at offset 0');
    expect(moduleRef.get(LedgerService).booked).toEqual([1000, 1000, 1000]); // 0/0 by both, 1/1 by key
    await kafka.commit();
    expect(kafka.committed('bookings', 1, 'by-partition') ?? 0).toBe(0);
    expect(kafka.committed('bookings', 1, 'by-key')).toBe(0);
  });

  it('is booked by mended code, and what waited behind it', async () => {
    const first = await testRecipe(BookingsModule.release(Amounts), { partitions: 2 });
    await first.kafka.deliver('bookings', POISON);
    const behind = first.kafka.deliver('bookings', good(1, 'a'), { moveTime: false }).catch(() => undefined);
    await first.kafka.tick();
    await first.moduleRef.close();
    await behind;

    const second = await testRecipe(BookingsModule.release(MendedAmounts), { joins: first.kafka });
    const last = await second.kafka.settled({ topic: 'bookings', partition: 1, offset: 1 });
    expect(last).toMatchObject({ disposition: 'done', attempts: 1 });
    expect(second.moduleRef.get(LedgerService).booked.toSorted()).toEqual([1000, 1000, 1250, 1250]);
    await second.kafka.commit();
    for (const groupId of ['by-partition', 'by-key']) expect(second.kafka.committed('bookings', 1, groupId)).toBe(2);
  });

  it('is passed by a word, and what waited behind it goes on', async () => {
    const { kafka, moduleRef } = await testRecipe(BookingsModule.release(Amounts), { partitions: 2 });
    const { record } = await kafka.deliver('bookings', POISON);
    moduleRef.get(KafkaWorkerRuntime).unfreeze({ topic: 'bookings', partition: 1 }, { skip: true });
    expect(await kafka.settled(record)).toMatchObject({ disposition: 'skipped' });
    expect(await kafka.deliver('bookings', good(1, 'a'))).toMatchObject({ disposition: 'done' });
    await kafka.commit();
    for (const groupId of ['by-partition', 'by-key']) expect(kafka.committed('bookings', 1, groupId)).toBe(2);
  });
});
