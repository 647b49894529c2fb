import { exactlyOnce, fixed } from '@kafka-worker/engine';
import { postgresStore } from '@kafka-worker/postgres';
import pg from 'pg';
import { nameOf } from '../../ledger.js';
import type { Gate } from '../gate.js';
import { LIMIT } from '../member-options.js';
import { gateCommits } from './gated-commits.js';
import { gatedHandler, type Setup } from './setup.js';

/** By which members' connections are found, to be terminated. */
export const APPLICATION = 'chaos-member';

/** Takes any number of rows for a record, so that they can be counted. */
export const EFFECTS_TABLE = 'CREATE TABLE effects (topic text NOT NULL, record text NOT NULL, pid integer NOT NULL)';

/** How long a member that stands still at its COMMIT may keep its successor waiting. Milliseconds. */
const COMMIT_TIMEOUT_MS = 3_000;

/** Exactly once into PostgreSQL: an effect is a row of `effects`. */
export function inPostgres(url: string, gate: Gate): Setup {
  const pool = new pg.Pool({ connectionString: url, max: LIMIT, application_name: APPLICATION });
  gateCommits(pool, gate);
  const store = postgresStore<pg.PoolClient>({ pool, commitTimeoutMs: COMMIT_TIMEOUT_MS });
  return {
    // A statement that fails because its connection was terminated is a failed attempt, and there will be some.
    worker: { delivery: exactlyOnce(store), retry: { attempts: 20, backoff: fixed(50) } },
    commits: false,
    handle: gatedHandler(gate, ({ record, transaction }) => {
      const client = transaction as pg.PoolClient;
      const values = [record.topic, nameOf(record), process.pid];
      return client.query('INSERT INTO effects (topic, record, pid) VALUES ($1, $2, $3)', values);
    }),
    end: () => pool.end(),
  };
}
