import { sql, SqlText, type SqlStatement } from '../sql/statement.js';
import type { KeyTables } from '../sql/tables.js';

/** A key is free where nobody holds it and its time as a settled one is over; or where the asker has it already. */
const FREE = new SqlText('(k.expires_at <= now() OR (k.token = excluded.token AND NOT k.settled))');

/**
 * The statements of the idempotency store. Each is a transaction by itself, so `now()` is one moment of the database's
 * clock for the whole of it.
 */
export class KeyStatements {
  constructor(private readonly tables: KeyTables) {}

  /**
   * One statement, so that two cannot take a key: the row is locked and written even where it is not free, and what
   * comes back is how it stands then. Row: `acquired`, `settled`, `left` in milliseconds.
   */
  acquire(key: string, token: string, leaseMs: number): SqlStatement {
    return sql`
INSERT INTO ${this.tables.keys} AS k (key, token, settled, expires_at)
VALUES (${text(key)}, ${text(token)}, false, ${later(leaseMs)})
ON CONFLICT (key) DO UPDATE SET
  token = CASE WHEN ${FREE} THEN excluded.token ELSE k.token END,
  settled = k.settled AND NOT ${FREE},
  expires_at = CASE WHEN ${FREE} THEN excluded.expires_at ELSE k.expires_at END
RETURNING k.token = ${text(token)} AND NOT k.settled AS acquired, k.settled AS settled,
  CAST(ceil(extract(epoch FROM k.expires_at - now()) * 1000) AS text) AS "left"`;
  }

  /** Row: `held`, whether the token holds the key. */
  renew(key: string, token: string, leaseMs: number): SqlStatement {
    return told(sql`
  UPDATE ${this.tables.keys} SET expires_at = ${later(leaseMs)}
  WHERE key = ${text(key)} AND token = ${text(token)} AND NOT settled
  RETURNING 1`);
  }

  /** Row: `held`, whether the token holds the key or has settled it. */
  settle(key: string, token: string, ttlMs: number): SqlStatement {
    return told(sql`
  UPDATE ${this.tables.keys} SET settled = true, expires_at = ${later(ttlMs)}
  WHERE key = ${text(key)} AND token = ${text(token)}
  RETURNING 1`);
  }

  /** No rows. */
  release(key: string, token: string): SqlStatement {
    return sql`
DELETE FROM ${this.tables.keys} WHERE key = ${text(key)} AND token = ${text(token)} AND NOT settled`;
  }

  /** Deletes what has expired, the oldest first; leaves alone what others have locked. Row: `swept`. */
  sweep(limit: number): SqlStatement {
    return sql`
WITH expired AS MATERIALIZED (
  SELECT key FROM ${this.tables.keys} WHERE expires_at <= now()
  ORDER BY expires_at LIMIT CAST(CAST(${limit} AS text) AS integer) FOR UPDATE SKIP LOCKED
),
gone AS (DELETE FROM ${this.tables.keys} k USING expired WHERE k.key = expired.key RETURNING 1)
SELECT CAST(count(*) AS text) AS swept FROM gone`;
  }
}

/** As a SELECT: of an UPDATE some libraries give the number of rows beside them. */
function told(update: SqlStatement): SqlStatement {
  return sql`
WITH changed AS (${update}
)
SELECT EXISTS (SELECT FROM changed) AS held`;
}

function text(value: string): SqlStatement {
  return sql`CAST(${value} AS text)`;
}

function later(ms: number): SqlStatement {
  return sql`now() + CAST(CAST(${ms} AS text) AS double precision) * interval '1 millisecond'`;
}
