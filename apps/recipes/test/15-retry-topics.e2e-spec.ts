import { describe, expect, it, jest } from '@jest/globals';
import { replayDeadLetters } from '@kafka-worker/dlq';
import { KafkaWorkerRuntime, ORIGIN_HEADERS } from '@kafka-worker/nestjs';
import type { DeliveredRecord, KafkaWorkerTester } from '@kafka-worker/nestjs/testing';
import { play } from '../src/harness/play.js';
import { CarrierService } from '../src/recipes/15-retry-topics/carrier.service.js';
import { retryAndReplay } from '../src/recipes/15-retry-topics/recipe.js';
import { ShipmentsModule } from '../src/recipes/15-retry-topics/shipments.module.js';
import { expectRetryAndReplay } from './expected/15-retry-topics.js';
import { testRecipe } from './support/test-recipe.js';

jest.setTimeout(60_000);

const shipment = (n: number, depot: string) => ({ key: 'ann', value: { id: `${depot}-${n}`, depot } });

it('tried in the lane, from retry topics, given up, replayed', async () => {
  expectRetryAndReplay(await play(retryAndReplay));
});

describe('a shipment', () => {
  it('is tried again in its lane, which waits', async () => {
    const { kafka, moduleRef } = await testRecipe(ShipmentsModule);
    moduleRef.get(CarrierService).down.set('north', 1);
    const [first, second] = await kafka.deliverAll('shipments', [shipment(1, 'north'), shipment(2, 'home')]);
    expect(first).toMatchObject({ disposition: 'done', attempts: 2 });
    expect(second).toMatchObject({ disposition: 'done', attempts: 1 });
    expect(moduleRef.get(CarrierService).taken).toEqual(['north-1', 'home-2']);
  });

  it('is tried later, while the next one of its key overtakes it', async () => {
    const { kafka, moduleRef } = await testRecipe(ShipmentsModule);
    moduleRef.get(CarrierService).down.set('south', 4);
    const [first, second] = await kafka.deliverAll('shipments', [shipment(1, 'south'), shipment(2, 'home')]);
    expect(second).toMatchObject({ disposition: 'done' });
    const hops = await follow(kafka, first as DeliveredRecord);
    expect(hops.map(({ disposition, record: { topic } }) => `${topic}: ${disposition}`)).toEqual([
      'shipments: retried-later',
      'shipments.dispatch.retry-200: retried-later',
      'shipments.dispatch.retry-400: done',
    ]);
    expect(moduleRef.get(CarrierService).taken).toEqual(['home-2', 'south-1']);
  });

  it('that nobody takes is a dead letter, and is replayed once', async () => {
    const { kafka, moduleRef } = await testRecipe(ShipmentsModule);
    const carrier = moduleRef.get(CarrierService);
    carrier.down.set('west', Infinity);
    const hops = await follow(kafka, await kafka.deliver('shipments', shipment(1, 'west')));
    expect(hops.at(-1)).toMatchObject({ disposition: 'dead-lettered', to: { topic: 'shipments.dead' } });
    const headers = kafka.cluster.records('shipments.dead')[0]?.headers ?? {};
    expect(String(headers[ORIGIN_HEADERS.attempts])).toBe('6');
    expect(String(headers[ORIGIN_HEADERS.errorMessage])).toBe('the depot west does not answer');

    carrier.down.clear();
    const driver = kafka.cluster.driver();
    const replay = (dryRun: boolean) =>
      kafka.runUntil(replayDeadLetters({ driver, topic: 'shipments.dead', dryRun, clock: kafka.clock }));
    expect((await replay(true)).totals.sent).toBe(1);
    expect(kafka.cluster.records('shipments')).toHaveLength(1);
    expect((await replay(false)).totals.sent).toBe(1);
    expect((await replay(false)).totals.sent).toBe(0);
    const replayed = await kafka.settled({ topic: 'shipments', partition: 0, offset: 1 });
    expect(replayed).toMatchObject({ disposition: 'done', attempts: 1 });
    expect(carrier.taken).toEqual(['west-1']);
  });

  it('stands where the budget of dead letters is spent, until it is unfrozen', async () => {
    const { kafka, moduleRef } = await testRecipe(ShipmentsModule);
    const carrier = moduleRef.get(CarrierService);
    carrier.down.set('west', Infinity);
    const ends: (DeliveredRecord | undefined)[] = [];
    for (let n = 1; n <= 5; n++) {
      ends.push((await follow(kafka, await kafka.deliver('shipments', shipment(n, 'west')))).at(-1));
    }
    const dispositions = ends.map((end) => end?.disposition);
    expect(dispositions).toEqual([...Array(4).fill('dead-lettered'), 'frozen']);

    carrier.down.clear();
    moduleRef.get(KafkaWorkerRuntime).unfreeze();
    const stood = ends[4]?.record;
    expect(stood && (await kafka.settled(stood))).toMatchObject({ disposition: 'done' });
    expect(carrier.taken).toEqual(['west-5']);
    expect(kafka.cluster.records('shipments.dead')).toHaveLength(4);
  });
});

/** What became of a record in each topic that it went through. */
async function follow(kafka: KafkaWorkerTester, first: DeliveredRecord): Promise<DeliveredRecord[]> {
  const hops = [first];
  for (let last = first; last.disposition === 'retried-later' && last.to; hops.push(last)) {
    last = await kafka.settled(last.to);
  }
  return hops;
}
