import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { hasTestBrokers } from '@app/kafka-cluster';
import { availablePostgres, startPostgres, type PostgresServer } from '@app/services';
import pg from 'pg';
import { APPLICATION, EFFECTS_TABLE, type Kills, pause, type Random } from '../src/index.js';
import { battle, expectFought, repeated, report, times } from './battle.js';

jest.setTimeout(240_000);

const KILLS = {
  before: 4,
  in: 5,
  after: 5,
  commit: 6,
  committed: 6,
  drain: 4,
  rebalance: 6,
  stopped: 4,
  random: 8,
} satisfies Kills;

/** Between two blows at connections: at least, and as much again at most. Milliseconds. */
const BLOW_MS = 1_000;

const possible = hasTestBrokers() && (availablePostgres() !== undefined || process.env['CI'] === 'true');

(possible ? describe : describe.skip)('exactly once into PostgreSQL under kill -9', () => {
  let server: PostgresServer;
  let pool: pg.Pool;

  beforeAll(async () => {
    server = await startPostgres();
    pool = new pg.Pool({ connectionString: server.url });
    await pool.query(EFFECTS_TABLE);
  }, 60_000);

  afterAll(async () => {
    await pool?.end();
    await server?.stop();
  }, 60_000);

  it('makes every effect once, also while connections are terminated', async () => {
    let terminated = 0;
    const terminate = async (signal: AbortSignal, random: Random): Promise<void> => {
      while (!signal.aborted) {
        await pause(BLOW_MS * (1 + random.next()));
        const blow = await pool.query(
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1 ORDER BY random() LIMIT 4`,
          [APPLICATION],
        );
        terminated += blow.rows.length;
      }
    };
    const outcome = await battle('postgres', {
      kills: KILLS,
      guarantee: () => ({ type: 'postgres', url: server.url }),
      beside: terminate,
    });
    let [records, effects] = [0, 0];
    const missing: string[] = [];
    const twice: string[] = [];
    const strange: string[] = [];
    for (const { topic, names } of outcome.cells) {
      const { rows } = await pool.query<{ record: string }>('SELECT record FROM effects WHERE topic = $1', [topic]);
      const done = times(rows.map(({ record }) => record));
      const produced = new Set(names);
      records += names.length;
      effects += rows.length;
      missing.push(...names.filter((name) => !done.has(name)));
      twice.push(...repeated(done));
      strange.push(...[...done.keys()].filter((name) => !produced.has(name)));
    }
    report('12 exactly once into PostgreSQL', outcome, {
      connectionsTerminated: terminated,
      records,
      effects,
      missing: missing.length,
      repeated: twice.length,
    });
    expectFought(outcome, KILLS);
    expect(missing).toEqual([]);
    expect(twice).toEqual([]);
    expect(strange).toEqual([]);
    expect(effects).toBe(records);
    expect(terminated).toBeGreaterThan(0);
  });
});
