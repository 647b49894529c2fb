import { expect, it, jest } from '@jest/globals';
import { deferred } from '@kafka-worker/testing';
import type { TestingModuleBuilder } from '@nestjs/testing';
import { play } from '../src/harness/play.js';
import { rebalanceWatched } from '../src/recipes/13-rebalance-watched/recipe.js';
import { expectRebalanceWatched } from './expected/13-rebalance-watched.js';
import { CarrierService, type Parcel } from '../src/recipes/13-rebalance-watched/carrier.service.js';
import { ParcelsModule } from '../src/recipes/13-rebalance-watched/parcels.module.js';
import { testRecipe } from './support/test-recipe.js';

jest.setTimeout(60_000);

it('drain waits and repeats nothing; commit-completed does not wait and repeats what ran', async () => {
  expectRebalanceWatched(await play(rebalanceWatched));
});

it.each([
  { strategy: 'drain', booked: 1 },
  { strategy: 'commit-completed', booked: 2 },
] as const)(
  'with $strategy a parcel that is under way when a member comes is booked $booked times',
  async ({ strategy, booked }) => {
    const gate = deferred();
    const book = jest.fn(async (_parcel: Parcel, signal: AbortSignal) => {
      await Promise.race([gate.promise, new Promise((_, reject) => signal.addEventListener('abort', reject))]);
    });
    const module = ParcelsModule.with(strategy);
    const mocked = (builder: TestingModuleBuilder): unknown =>
      builder.overrideProvider(CarrierService).useValue({ book });

    const first = await testRecipe(module, { topics: { parcels: 1 } }, mocked);
    const delivered = first.kafka.deliver('parcels', { ms: 0 }, { moveTime: false });
    await first.kafka.tick();
    await testRecipe(module, { joins: first.kafka }, mocked);
    await first.kafka.tick();
    expect(book).toHaveBeenCalledTimes(booked);
    gate.resolve();
    expect(await delivered).toMatchObject({ disposition: 'done' });
    expect(book).toHaveBeenCalledTimes(booked);
  },
);
