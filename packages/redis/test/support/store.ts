import { randomUUID } from 'node:crypto';
import type { IdempotencyStore } from '@kafka-worker/engine';
import { redisIdempotency, type RedisIdempotencyOptions } from '../../src/index.js';
import type { TestClient } from './libraries.js';

/** A store with keys that no other test sees, started. */
export async function openStore(
  { client }: Pick<TestClient, 'client'>,
  options: Partial<RedisIdempotencyOptions> = {},
): Promise<IdempotencyStore> {
  const store = redisIdempotency({ client, prefix: `test:${randomUUID()}:`, ...options });
  await store.open();
  return store;
}
