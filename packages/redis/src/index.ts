export { redisIdempotency } from './redis-idempotency.js';
export type { RedisIdempotencyOptions } from './options.js';
export type { IoredisClient, NodeRedisArguments, NodeRedisClient, RedisClient } from './redis-client.js';
