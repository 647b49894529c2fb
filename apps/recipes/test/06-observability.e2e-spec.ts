import { describe, expect, it, jest } from '@jest/globals';
import { Telemetry } from '../src/harness/index.js';
import { play } from '../src/harness/play.js';
import { CheckoutsModule } from '../src/recipes/06-observability/checkouts.module.js';
import { observability } from '../src/recipes/06-observability/recipe.js';
import { expectObservability } from './expected/06-observability.js';
import { testRecipe } from './support/test-recipe.js';

jest.setTimeout(60_000);

it('a trace for each checkout, lines that name their record, metrics that count it', async () => {
  expectObservability(await play(observability));
});

describe('the handler', () => {
  it('is traced under test as well, with what it sends below it', async () => {
    const { moduleRef, kafka } = await testRecipe(CheckoutsModule);
    const value = { id: 'c-1', card: 'x' };
    const [receipt] = (await kafka.deliver('checkouts', { key: 'c-1', value })).produced;
    await kafka.settled({ topic: 'receipts', partition: receipt?.partition ?? 0, offset: receipt?.offset ?? 0 });
    const { spans } = moduleRef.get(Telemetry, { strict: false });
    const names = spans.map(({ name }) => name);
    expect(names).toEqual(
      expect.arrayContaining(['process checkouts', 'POST bank', 'send receipts', 'process receipts']),
    );
    const first = spans.find(({ name }) => name === 'process checkouts');
    const last = spans.find(({ name }) => name === 'process receipts');
    expect(last?.spanContext().traceId).toBe(first?.spanContext().traceId);
  });
});
