import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { NotOurPostgresError } from './postgres-errors.js';
import type { PostgresServer } from './postgres.js';

/** A new database on a server that somebody else runs, dropped with `stop`. */
export async function foreignDatabase(serverUrl: string): Promise<PostgresServer> {
  const name = `kafka_worker_test_${randomBytes(8).toString('hex')}`;
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  await ask(serverUrl, `CREATE DATABASE ${name}`);
  return {
    url: url.href,
    kill: () => Promise.reject(new NotOurPostgresError('kill')),
    restart: () => Promise.reject(new NotOurPostgresError('restart')),
    stop: () => ask(serverUrl, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`),
  };
}

async function ask(connectionString: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
