import {
  ConfigurationError,
  StoreFailedError,
  type IdempotencyAnswer,
  type IdempotencyStore,
} from '@kafka-worker/engine';
import { BoundedCalls } from './bounded-calls.js';
import { checkOptions, NO_CLIENT, type RedisIdempotencyOptions } from './options.js';
import { isRedisClient, scriptClient, type RedisClient, type ScriptClient } from './redis-client.js';
import { ACQUIRE, ACQUIRED, RELEASE, RENEW, SETTLE, SETTLED, type Script } from './scripts.js';

/**
 * Acquires that were given up and not answered yet before further ones fail at once: a client that queues while it is
 * offline must not be filled up by workers that ask again and again.
 */
const MAX_LATE = 1_000;

/** Idempotency keys in Redis, as in the README. @throws ConfigurationError where the options are wrong. */
export function redisIdempotency(options: RedisIdempotencyOptions): IdempotencyStore {
  return new RedisIdempotencyStore(options);
}

class RedisIdempotencyStore implements IdempotencyStore {
  readonly name = 'redis';
  readonly #options: Required<RedisIdempotencyOptions>;
  readonly #calls: BoundedCalls;
  /** Undefined while the store is not open. */
  #client: ScriptClient | undefined;
  #opening: Promise<void> | undefined;

  constructor(options: RedisIdempotencyOptions) {
    this.#options = checkOptions(options);
    this.#calls = new BoundedCalls(this.#options.timeoutMs);
  }

  /** Also asks for something, so that an address, a password or a right that is wrong stops the start. */
  open(): Promise<void> {
    this.#opening ??= this.#open().catch(async (error: unknown) => {
      await this.close();
      throw error;
    });
    return this.#opening;
  }

  async acquire(key: string, token: string, leaseMs: number): Promise<IdempotencyAnswer> {
    if (this.#calls.late >= MAX_LATE) {
      throw new StoreFailedError(`redis: acquire was not sent, ${MAX_LATE} calls before it have not been answered`);
    }
    // The caller has given up and will not come back with this token: nobody would have the key until the lease is over.
    const giveBack = (reply: number): void => {
      if (reply === ACQUIRED) this.release(key, token).catch(() => undefined);
    };
    const reply = await this.#ask('acquire', ACQUIRE, key, [token, milliseconds(leaseMs)], giveBack);
    if (reply === ACQUIRED) return { state: 'acquired' };
    if (reply === SETTLED) return { state: 'settled' };
    return { state: 'held', leaseLeftMs: reply };
  }

  async renew(key: string, token: string, leaseMs: number): Promise<boolean> {
    return (await this.#ask('renew', RENEW, key, [token, milliseconds(leaseMs)])) === 1;
  }

  async settle(key: string, token: string, ttlMs: number): Promise<boolean> {
    return (await this.#ask('settle', SETTLE, key, [token, milliseconds(ttlMs)])) === 1;
  }

  async release(key: string, token: string): Promise<void> {
    await this.#ask('release', RELEASE, key, [token]);
  }

  async close(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    this.#opening = undefined;
    this.#calls.giveUp('was under way when the store was closed');
    if (client !== undefined && typeof this.#options.client === 'function') await this.#end(client);
  }

  async #open(): Promise<void> {
    const { client } = this.#options;
    this.#client = scriptClient(typeof client === 'function' ? await this.#make(client) : client);
    await this.#ask('open', RELEASE, 'open', ['']);
  }

  async #make(make: () => RedisClient | Promise<RedisClient>): Promise<RedisClient> {
    const client = await this.#calls.run('open', make, (late) => {
      if (isRedisClient(late)) void this.#end(scriptClient(late));
    });
    if (isRedisClient(client)) return client;
    throw new ConfigurationError([{ where: 'redisIdempotency', option: 'client', message: NO_CLIENT }]);
  }

  /** Lets a client of ours finish what was sent, and cuts it off where that takes too long. Never rejects. */
  async #end(client: ScriptClient): Promise<void> {
    try {
      await this.#calls.run('close', () => client.quit());
    } catch {
      await client.disconnect().catch(() => undefined);
    }
  }

  #ask(
    name: string,
    script: Script,
    key: string,
    args: readonly string[],
    onLate?: (reply: number) => void,
  ): Promise<number> {
    const client = this.#client;
    if (client === undefined) return Promise.reject(new StoreFailedError(`redis: ${name}: the store is not open`));
    return this.#calls.run(name, () => run(client, script, this.#options.prefix + key, args), onLate);
  }
}

/** A server that was started anew, or was asked to forget its scripts, has to be told the whole script once. */
async function run(client: ScriptClient, { sha, lua }: Script, key: string, args: readonly string[]): Promise<number> {
  try {
    return Number(await client.evalSha(sha, key, args));
  } catch (error) {
    if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
    return Number(await client.eval(lua, key, args));
  }
}

/** Redis takes whole ones, from 1 on. */
function milliseconds(ms: number): string {
  return String(Math.max(1, Math.round(ms)));
}
