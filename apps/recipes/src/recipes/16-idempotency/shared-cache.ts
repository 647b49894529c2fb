import { randomUUID } from 'node:crypto';
import { startRedis, type RedisService } from '@app/services';
import type { IdempotencyStore } from '@kafka-worker/nestjs';
import { redisIdempotency } from '@kafka-worker/redis';
import { Redis } from 'ioredis';
import { ProcessStore } from './process-store.js';

/** What the members of a play share. */
export interface SharedCache {
  readonly kind: 'Redis' | 'memory';
  /** One for each member. */
  store(): IdempotencyStore;
  close(): Promise<void>;
}

/** The Redis of REDIS_URL, or a `redis-server` for the play; where there is neither, the memory of this process. */
export async function openSharedCache(say: (line: string) => void): Promise<SharedCache> {
  let redis: RedisService;
  try {
    redis = await startRedis();
  } catch (error) {
    say(`${(error as Error).message}.`);
    say('So this process remembers for both members. To see it with Redis: install redis-server, or');
    say('docker run -d -p 6379:6379 redis, then REDIS_URL=redis://localhost:6379 npm run recipe 16');
    const store = new ProcessStore();
    return { kind: 'memory', store: () => store, close: async () => undefined };
  }
  const { url } = redis;
  say(`Redis: ${url}`);
  const prefix = `recipe-16-${randomUUID()}:`; // somebody else may play on the same Redis
  return {
    kind: 'Redis',
    // ioredis prints errors that nobody listens to; the store tells of calls that fail.
    store: () => redisIdempotency({ client: () => new Redis(url).on('error', () => undefined), prefix }),
    close: () => redis.stop(),
  };
}
