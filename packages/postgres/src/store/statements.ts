import { createHash } from 'node:crypto';
import type { StorePartition } from '@kafka-worker/engine';
import { sql, type SqlStatement } from '../sql/statement.js';
import type { StoreTables } from '../sql/tables.js';

/**
 * The statements of the store, and why nobody gets past them.
 *
 * The epoch of a partition stands in two rows. `partitions` has the newest that was handed out: nobody keeps it locked,
 * so it changes at once, and turns away who comes to an end from then on. `fences` is locked in share mode by each
 * transaction between its last statement and the end of its COMMIT: a claim waits there for those that were past the
 * first row already, and reads the position after them. Without the first, a former owner whose transactions overlap
 * could keep a claim waiting for ever. Without the second, a COMMIT under way could land after the position was read.
 *
 * `next_offset` is beside the epoch of `partitions`: so advancing does not wait for transactions, nor they for it, and
 * those that are serializable do not fail for it.
 *
 * Each is committed by itself, `settle` excepted, and right whatever isolation level is the default.
 */
export class StoreStatements {
  #settleName: string | undefined;

  constructor(private readonly tables: StoreTables) {}

  /** Hands out the next epoch. Row: `epoch`. */
  nextEpoch(of: StorePartition, lockMs: number): SqlStatement {
    return sql`
INSERT INTO ${this.tables.partitions} AS p (group_id, topic, partition, epoch, claimed_at)
SELECT ${columns(of)}, 1, now() FROM ${waitingFor(lockMs)}
ON CONFLICT (group_id, topic, partition) DO UPDATE SET epoch = p.epoch + 1, claimed_at = excluded.claimed_at
RETURNING CAST(p.epoch AS text) AS epoch`;
  }

  /** Waits until no transaction of a former epoch can be committed any more. No rows. */
  raiseFence(of: StorePartition, epoch: string, lockMs: number): SqlStatement {
    return sql`
INSERT INTO ${this.tables.fences} AS f (group_id, topic, partition, epoch)
SELECT ${columns(of)}, ${bigint(epoch)} FROM ${waitingFor(lockMs)}
ON CONFLICT (group_id, topic, partition) DO UPDATE SET epoch = excluded.epoch WHERE f.epoch < excluded.epoch`;
  }

  /** Rows, ascending: `next` in each, and one run of settled offsets `[low, high)` above it; null where there is none. */
  position(of: StorePartition): SqlStatement {
    return sql`
SELECT CAST(p.next_offset AS text) AS next, CAST(r.low AS text) AS low, CAST(r.high AS text) AS high
FROM ${this.tables.partitions} p
LEFT JOIN LATERAL (
  SELECT min(record_offset) AS low, max(record_offset) + 1 AS high
  FROM (
    SELECT record_offset, record_offset - row_number() OVER (ORDER BY record_offset) AS run
    FROM ${this.tables.done}
    WHERE ${isPartition(of)} AND record_offset >= coalesce(p.next_offset, 0)
  ) AS offsets
  GROUP BY run
) AS r ON true
WHERE ${isPartition(of)}
ORDER BY r.low`;
  }

  /**
   * Last before COMMIT: locks the fence, and marks the record. Row: `owned`, false where the epoch is not the newest;
   * `marked`, false where the record had been settled. From here on the server ends the transaction itself where no
   * COMMIT comes within `commitMs`, so that a process that hangs cannot keep a claim waiting for longer.
   */
  settle(of: StorePartition, epoch: string, offset: number, commitMs: number): SqlStatement {
    const statement = sql`
WITH fence AS MATERIALIZED (${this.#lockedFence(of, epoch)}),
marked AS (
  INSERT INTO ${this.tables.done} (group_id, topic, partition, record_offset)
  SELECT ${columns(of)}, ${bigint(offset)} FROM fence
  WHERE NOT EXISTS (SELECT FROM ${this.tables.partitions} WHERE ${isPartition(of)} AND next_offset > ${bigint(offset)})
  ON CONFLICT DO NOTHING
  RETURNING 1
)
SELECT EXISTS (SELECT FROM fence) AS owned, EXISTS (SELECT FROM marked) AS marked,
  set_config('idle_in_transaction_session_timeout', CAST(${commitMs} AS text), true) AS bounded`;
    // the only one that is sent for each record, and the server takes longer to plan it than to carry it out
    this.#settleName ??= `kafka_worker_${createHash('sha256').update(statement.text).digest('hex').slice(0, 32)}`;
    return { ...statement, name: this.#settleName };
  }

  /** Row: `owned`, false where the epoch is not the newest. */
  advance(of: StorePartition, epoch: string, offset: number): SqlStatement {
    return sql`
WITH fence AS MATERIALIZED (${this.#lockedFence(of, epoch)}),
moved AS (
  UPDATE ${this.tables.partitions} SET next_offset = greatest(next_offset, ${bigint(offset)})
  WHERE ${isPartition(of)} AND epoch = ${bigint(epoch)} AND EXISTS (SELECT FROM fence)
  RETURNING 1
),
swept AS (
  DELETE FROM ${this.tables.done}
  WHERE ${isPartition(of)} AND record_offset < ${bigint(offset)} AND EXISTS (SELECT FROM moved)
)
SELECT EXISTS (SELECT FROM moved) AS owned`;
  }

  /** Row: `owned`, false where the epoch is not the newest. */
  ownership(of: StorePartition, epoch: string): SqlStatement {
    return sql`
SELECT EXISTS (
  SELECT FROM ${this.tables.partitions} WHERE ${isPartition(of)} AND epoch = ${bigint(epoch)}
) AS owned`;
  }

  #lockedFence(of: StorePartition, epoch: string): SqlStatement {
    return sql`
  SELECT 1 FROM ${this.tables.fences} WHERE ${isPartition(of)} AND epoch = ${bigint(epoch)}
    AND EXISTS (SELECT FROM ${this.tables.partitions} WHERE ${isPartition(of)} AND epoch = ${bigint(epoch)})
  FOR SHARE`;
  }
}

// Every value is sent as text and cast by the server, and `CAST` is written out: `::` means something to some libraries.

function columns(of: StorePartition): SqlStatement {
  return sql`CAST(${of.groupId} AS text), CAST(${of.topic} AS text), CAST(CAST(${of.partition} AS text) AS integer)`;
}

function isPartition(of: StorePartition): SqlStatement {
  return sql`group_id = CAST(${of.groupId} AS text) AND topic = CAST(${of.topic} AS text)
    AND partition = CAST(CAST(${of.partition} AS text) AS integer)`;
}

function bigint(value: number | string): SqlStatement {
  return sql`CAST(CAST(${value} AS text) AS bigint)`;
}

/** In a FROM: a row that is there before anything of the statement is locked. */
function waitingFor(lockMs: number): SqlStatement {
  return sql`(SELECT set_config('lock_timeout', CAST(${lockMs} AS text), true)) AS waiting`;
}
