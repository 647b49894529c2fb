import type { IdempotencyStore } from '@kafka-worker/engine';
import { redisIdempotency } from '@kafka-worker/redis';
import { Redis } from 'ioredis';
import { EffectLog } from '../effect-log.js';
import type { Gate } from '../gate.js';
import { gatedHandler, type Setup } from './setup.js';

/** How long a member that was killed keeps others from its key. Milliseconds. */
const LEASE_MS = 5_000;

/** At-least-once with idempotency: effects are lines of a file, one for each key. */
export function onceByRedis(url: string, path: string, groupId: string, gate: Gate): Setup {
  const log = new EffectLog(path);
  const redis = redisIdempotency({ client: () => new Redis(url).on('error', () => undefined) });
  const keyOf = ({ key }: { readonly key: Buffer | null }): string => String(key);
  return {
    worker: {
      delivery: 'at-least-once',
      commit: { intervalMs: 200 },
      idempotency: { store: gatedStore(redis, log, groupId, gate), key: keyOf, leaseMs: LEASE_MS },
    },
    commits: false,
    handle: gatedHandler(gate, ({ record }) => log.append('effect', keyOf(record))),
  };
}

/** Gates around the mark, and a line in the log where it was made. */
function gatedStore(store: IdempotencyStore, log: EffectLog, groupId: string, gate: Gate): IdempotencyStore {
  return {
    name: store.name,
    open: () => store.open(),
    acquire: (...args) => store.acquire(...args),
    renew: (...args) => store.renew(...args),
    settle: async (key, ...others) => {
      const name = key.slice(groupId.length + 1);
      await gate.pass('commit', name);
      const marked = await store.settle(key, ...others);
      await gate.pass('committed', name);
      if (marked) log.append('marked', name);
      return marked;
    },
    release: (...args) => store.release(...args),
    close: () => store.close(),
  };
}
