import { describe, expect, it, jest } from '@jest/globals';
import { play } from '../src/harness/play.js';
import { keyConcurrent } from '../src/recipes/05-key-concurrent/recipe.js';
import { expectKeyConcurrent } from './expected/05-key-concurrent.js';
import { OrdersModule } from '../src/recipes/05-key-concurrent/orders.module.js';
import { OrdersService } from '../src/recipes/05-key-concurrent/orders.service.js';
import { testRecipe } from './support/test-recipe.js';

jest.setTimeout(60_000);

it('keys at once, each in its order', async () => {
  const outcome = await play(keyConcurrent);
  expectKeyConcurrent(outcome);
  expect(outcome.atOnce).toBe(6);
});

describe('the handler', () => {
  it('applies the events of an order one after the other, whatever each takes', async () => {
    const { moduleRef, kafka } = await testRecipe(OrdersModule);
    await kafka.deliverAll('orders', [
      { key: 'order-1', value: { status: 'placed', ms: 20 } },
      { key: 'order-2', value: { status: 'placed', ms: 1 } },
      { key: 'order-1', value: { status: 'paid', ms: 1 } },
    ]);
    const { history } = moduleRef.get(OrdersService);
    expect(history).toEqual(
      new Map([
        ['order-2', ['placed']],
        ['order-1', ['placed', 'paid']],
      ]),
    );
  });

  it('stops at an order that fails three times, and at no other', async () => {
    const apply = async (id: string): Promise<void> => {
      if (id === 'order-1') throw new Error('the order is unknown');
    };
    const { kafka } = await testRecipe(OrdersModule, {}, (builder) =>
      builder.overrideProvider(OrdersService).useValue({ apply }),
    );
    const event = { status: 'paid', ms: 0 };
    const bad = await kafka.deliver('orders', { key: 'order-1', value: event });
    expect(bad).toMatchObject({ disposition: 'frozen', attempts: 3 });
    expect(await kafka.deliver('orders', { key: 'order-2', value: event })).toMatchObject({ disposition: 'done' });
    await expect(kafka.deliver('orders', { key: 'order-1', value: event })).rejects.toThrow('its key is frozen');
  });
});
