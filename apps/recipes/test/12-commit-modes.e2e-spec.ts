import { describe, expect, it, jest } from '@jest/globals';
import { deferred } from '@kafka-worker/testing';
import { KafkaWorkerRuntime } from '@kafka-worker/nestjs';
import type { KafkaWorkerTester } from '@kafka-worker/nestjs/testing';
import type { TestingModuleBuilder } from '@nestjs/testing';
import { play } from '../src/harness/play.js';
import { commitModes } from '../src/recipes/12-commit-modes/recipe.js';
import { expectCommitModes } from './expected/12-commit-modes.js';
import { EventsModule } from '../src/recipes/12-commit-modes/events.module.js';
import { EventsService, type ShopEvent } from '../src/recipes/12-commit-modes/events.service.js';
import { testRecipe } from './support/test-recipe.js';

jest.setTimeout(90_000);

it('a hand-over that is held repeats nothing; a kill repeats what each mode had not committed', async () => {
  expectCommitModes(await play(commitModes));
});

describe('by hand', () => {
  const committed = (kafka: KafkaWorkerTester, groupId = 'manual'): number | undefined =>
    kafka.clusterOf('default').committed(groupId, 'events', 0)?.offset;
  const events = (count: number): ShopEvent[] => Array.from({ length: count }, () => ({ ms: 0 }));
  const here = { connection: 'default' };

  it('commits every fifth record of a partition, itself included', async () => {
    const { kafka } = await testRecipe(EventsModule, { topics: { events: 1 } });
    await kafka.deliverAll('events', events(4), here);
    await kafka.advance(60_000);
    expect(committed(kafka)).toBeUndefined();
    expect(committed(kafka, 'marks')).toBe(4);
    await kafka.deliverAll('events', events(3), here);
    expect(committed(kafka)).toBe(5);
  });

  it('commits the rest when it is told from outside', async () => {
    const { moduleRef, kafka } = await testRecipe(EventsModule, { topics: { events: 1 } });
    await kafka.deliverAll('events', events(7), here);
    await kafka.runUntil(moduleRef.get(KafkaWorkerRuntime).commit({ groupId: 'manual' }));
    expect(committed(kafka)).toBe(7);
  });
});

it.each([
  { connection: 'not-held', applied: 2 },
  { connection: 'default', applied: 1 },
])(
  'on the connection $connection an event under way when a member comes is applied $applied times',
  async ({ connection, applied }) => {
    const gate = deferred();
    const apply = jest.fn(async (_event: ShopEvent, signal: AbortSignal) => {
      await Promise.race([gate.promise, new Promise((_, reject) => signal.addEventListener('abort', reject))]);
    });
    const mocked = (builder: TestingModuleBuilder): unknown =>
      builder.overrideProvider(EventsService).useValue({ apply });

    const first = await testRecipe(EventsModule, { topics: { events: 1 } }, mocked);
    const delivered = first.kafka.deliver('events', { ms: 0 }, { moveTime: false, connection });
    await first.kafka.tick();
    await testRecipe(EventsModule, { joins: first.kafka }, mocked);
    await first.kafka.tick();
    // `marks` and `manual` share the connection that holds.
    const groups = connection === 'default' ? 2 : 1;
    expect(apply).toHaveBeenCalledTimes(applied * groups);
    gate.resolve();
    expect(await delivered).toMatchObject({ disposition: 'done' });
    expect(apply).toHaveBeenCalledTimes(applied * groups);
  },
);
