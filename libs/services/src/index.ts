export { availablePostgres, startPostgres, type PostgresServer, type PostgresSource } from './postgres.js';
export { embeddedPostgres, type EmbeddedPostgres } from './postgres-embedded.js';
export { serveEmbeddedPostgres } from './postgres-embedded-server.js';
export { NotOurPostgresError, PostgresServerError, PostgresUnavailableError } from './postgres-errors.js';
export { availableRedis, startRedis, type RedisChoice, type RedisService } from './redis.js';
