import { OwnRedis } from './redis-process.js';
import { redisServerPath } from './redis-server-path.js';

/** A Redis for tests. */
export interface RedisService {
  /** `redis://host:port`; stays the same over kill and restart. */
  readonly url: string;
  /** False for that of `REDIS_URL`: others may use it, so everything but `stop` throws. */
  readonly isOurs: boolean;
  /** SIGKILL, and waits for the end. What was acknowledged stays on disk. */
  kill(): Promise<void>;
  /** Starts it again where it was, with the data it had; one that runs is killed before. Resolves when it answers. */
  restart(): Promise<void>;
  /** Stops it from answering: connections stay open, and nothing comes back until `unpause`. */
  pause(): void;
  unpause(): void;
  /** Ends what was started and removes its data. Idempotent. */
  stop(): Promise<void>;
}

/** Options of {@link startRedis} and {@link availableRedis}. */
export interface RedisChoice {
  /** The test kills or stops it: that of `REDIS_URL` will not do. Default false. */
  readonly ours?: boolean;
}

/**
 * Whether `startRedis` would find one: `(availableRedis() ? describe : describe.skip)(…)`. Always true with `CI=true`,
 * so that tests fail there and are not passed over.
 */
export function availableRedis({ ours = false }: RedisChoice = {}): boolean {
  if (process.env['CI'] === 'true') return true;
  return (!ours && foreignUrl() !== undefined) || redisServerPath() !== undefined;
}

/**
 * That of `REDIS_URL` where it is set, else a `redis-server` from PATH: on 127.0.0.1, on a free port, with a data
 * directory of its own that keeps every write it has acknowledged. It ends with this process, however that ends.
 * @throws Error where there is none, or it does not answer within 10 s.
 */
export async function startRedis({ ours = false }: RedisChoice = {}): Promise<RedisService> {
  const url = foreignUrl();
  if (url !== undefined && !ours) return foreign(url);
  const command = redisServerPath();
  if (command === undefined) throw new Error('No Redis: neither REDIS_URL is set nor redis-server is in PATH');
  return OwnRedis.start(command);
}

function foreignUrl(): string | undefined {
  return process.env['REDIS_URL'] || undefined;
}

function foreign(url: string): RedisService {
  const refuse = (): never => {
    throw new Error('The Redis of REDIS_URL is not ours: start one with { ours: true }');
  };
  return {
    url,
    isOurs: false,
    kill: async () => refuse(),
    restart: async () => refuse(),
    pause: refuse,
    unpause: refuse,
    stop: async () => undefined,
  };
}
