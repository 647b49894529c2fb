import { expect } from '@jest/globals';
import type { OutcomeOf } from '../../src/harness/recipe.js';
import type { kafkaToKafka } from '../../src/recipes/17-kafka-to-kafka/recipe.js';

export function expectKafkaToKafka(outcome: OutcomeOf<typeof kafkaToKafka>): void {
  const orders = Array.from({ length: 24 }, (_, i) => `order-${i}`);
  // Each invoice once, in the order of the orders, over the crash.
  expect(outcome.invoices).toEqual(orders);
  expect(outcome.invoicesTwice).toEqual([]);
  // The killed process had sent more than it had committed, and a plain producer takes nothing back.
  expect(outcome.committedByFirst).toBeLessThan(outcome.plainByFirst);
  expect([...new Set(outcome.plain)]).toEqual(orders);
  expect(outcome.plainTwice).toEqual(orders.slice(outcome.committedByFirst, outcome.plainByFirst));
  expect(outcome.plain).toHaveLength(orders.length + outcome.plainTwice.length);
  expect(outcome.progress.committed).toEqual([24]);
  expect(outcome.progress.lag).toBe(0);
}
