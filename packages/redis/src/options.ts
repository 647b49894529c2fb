import { ConfigurationError, type ConfigurationMistake } from '@kafka-worker/engine';
import { isRedisClient, type RedisClient } from './redis-client.js';

/** What {@link redisIdempotency} is made with. */
export interface RedisIdempotencyOptions {
  /**
   * Of `ioredis` or of `redis` (node-redis). A client that is given stays yours: connected before the start where the
   * library wants that, closed by you after the end. Where a function is given, the store calls it at the start and
   * closes what it gave at the end.
   */
  readonly client: RedisClient | (() => RedisClient | Promise<RedisClient>);
  /** In front of every key. Default `'kafka-worker:idempotency:'`. */
  readonly prefix?: string;
  /** How long one call may take before it has failed. Milliseconds. Default 2,000. */
  readonly timeoutMs?: number;
}

/** With every default in its place. @throws ConfigurationError naming every mistake. */
export function checkOptions(options: RedisIdempotencyOptions): Required<RedisIdempotencyOptions> {
  const { client, prefix = 'kafka-worker:idempotency:', timeoutMs = 2_000 } = options;
  const mistakes: ConfigurationMistake[] = [];
  const wrong = (option: string, message: string): void => {
    mistakes.push({ where: 'redisIdempotency', option, message });
  };
  if (typeof client !== 'function' && !isRedisClient(client)) wrong('client', NO_CLIENT);
  if (typeof prefix !== 'string') wrong('prefix', 'must be a text');
  if (!Number.isInteger(timeoutMs) || timeoutMs < 1)
    wrong('timeoutMs', 'must be a whole number of milliseconds above 0');
  if (mistakes.length > 0) throw new ConfigurationError(mistakes);
  return { client, prefix, timeoutMs };
}

/** What is wrong with something that has the shape of neither library. */
export const NO_CLIENT = 'must be a client of ioredis or of redis, or a function that gives one';
