/** What is needed of an `ioredis` client, version 5 or later: a `Redis` or a `Cluster`. */
export interface IoredisClient {
  evalsha(sha: string, keys: number, ...keysAndArguments: string[]): Promise<unknown>;
  eval(script: string, keys: number, ...keysAndArguments: string[]): Promise<unknown>;
  quit(): Promise<unknown>;
  disconnect(): void;
  readonly status: string;
}

/**
 * What is needed of a client of `redis` (node-redis), version 4 or later: a client, a pool, a cluster or a sentinel, and
 * connected.
 */
export interface NodeRedisClient {
  evalSha(sha: string, options: NodeRedisArguments): Promise<unknown>;
  eval(script: string, options: NodeRedisArguments): Promise<unknown>;
  /** From version 5 on; `quit` before. */
  close?(): Promise<unknown> | void;
  /** From version 5 on; `disconnect` before. */
  destroy?(): Promise<unknown> | void;
  quit?(): Promise<unknown>;
  disconnect?(): Promise<unknown>;
}

/** How node-redis wants keys and arguments of a script. */
export interface NodeRedisArguments {
  keys: string[];
  arguments: string[];
}

/** A client of either library. They are told apart by `evalsha` and `evalSha`. */
export type RedisClient = IoredisClient | NodeRedisClient;

/** What the store asks of a client: the difference between the libraries ends here. */
export interface ScriptClient {
  evalSha(sha: string, key: string, args: readonly string[]): Promise<unknown>;
  eval(script: string, key: string, args: readonly string[]): Promise<unknown>;
  /** Waits for what was sent before. */
  quit(): Promise<void>;
  /** Waits for nothing. */
  disconnect(): Promise<void>;
}

/** Whether `client` has the shape of one of the two libraries. */
export function isRedisClient(client: unknown): client is RedisClient {
  if (typeof client !== 'object' || client === null) return false;
  return isIoredis(client as RedisClient) || typeof (client as { evalSha?: unknown }).evalSha === 'function';
}

/** The same interface for both libraries. */
export function scriptClient(client: RedisClient): ScriptClient {
  return isIoredis(client) ? fromIoredis(client) : fromNodeRedis(client);
}

function isIoredis(client: RedisClient): client is IoredisClient {
  return typeof (client as { evalsha?: unknown }).evalsha === 'function';
}

function fromIoredis(client: IoredisClient): ScriptClient {
  return {
    evalSha: (sha, key, args) => client.evalsha(sha, 1, key, ...args).catch(withoutCommand),
    eval: (script, key, args) => client.eval(script, 1, key, ...args).catch(withoutCommand),
    quit: async () => void (await client.quit()),
    disconnect: async () => {
      // One that has ended would begin a timer of 2 s.
      if (client.status !== 'end') client.disconnect();
    },
  };
}

/** ioredis hangs the command on each error, and with it the key, which must not come into logs that way. */
function withoutCommand(error: unknown): never {
  if (typeof error === 'object' && error !== null) delete (error as { command?: unknown }).command;
  throw error;
}

function fromNodeRedis(client: NodeRedisClient): ScriptClient {
  return {
    evalSha: (sha, key, args) => client.evalSha(sha, { keys: [key], arguments: [...args] }),
    eval: (script, key, args) => client.eval(script, { keys: [key], arguments: [...args] }),
    quit: async () => void (await (client.close ? client.close() : client.quit?.())),
    disconnect: async () => void (await (client.destroy ? client.destroy() : client.disconnect?.())),
  };
}
