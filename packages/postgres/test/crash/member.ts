import { KafkaWorkerError, type PartitionClaim } from '@kafka-worker/engine';
import pg from 'pg';
import { postgresStore } from '../../src/index.js';

/**
 * A member that settles one record after the other, four at once, until it is killed or fenced. Says `claimed` when it
 * begins and `fenced` when it is over.
 */
const [url = '', prefix = '', name = ''] = process.argv.slice(2);
const LANES = 4;
const ADVANCE_EVERY = 10;

const pool = new pg.Pool({ connectionString: url, max: LANES + 2 });
const store = postgresStore<pg.PoolClient>({ pool, prefix, migrate: false });
await store.open();
const claim = await store.claim({ groupId: 'shop', topic: 'orders', partition: 0 });
console.log('claimed');

let frontier = claim.position?.offset ?? 0;
let next = frontier;
const settled = new Set<number>();
for (const { from, to } of claim.position?.done ?? []) {
  for (let offset = from; offset < to; offset += 1) settled.add(offset);
}

try {
  await Promise.all(Array.from({ length: LANES }, () => lane(claim)));
} catch (error) {
  if (!KafkaWorkerError.is(error) || error.code !== 'STORE_FENCED') throw error;
  console.log('fenced');
}
await pool.end();

async function lane(mine: PartitionClaim<pg.PoolClient>): Promise<never> {
  for (;;) {
    while (settled.has(next)) next += 1;
    const offset = next;
    next += 1;
    const outcome = await mine.transact(offset, async (client) => {
      await client.query(`INSERT INTO ${prefix}effects VALUES ($1, $2)`, [offset, name]);
    });
    // by its own position it was open, and nobody else may have settled it since
    if (outcome !== 'done') throw new Error(`${offset} is settled ${outcome}`);
    settled.add(offset);
    while (settled.delete(frontier)) frontier += 1;
    if (offset % ADVANCE_EVERY === 0) await mine.advance(frontier);
  }
}
