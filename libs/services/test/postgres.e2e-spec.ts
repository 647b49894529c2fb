import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { build } from 'esbuild';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import {
  availablePostgres,
  embeddedPostgres,
  PostgresUnavailableError,
  serveEmbeddedPostgres,
  startPostgres,
  type PostgresServer,
} from '../src/index.js';

// without a server these are left out; in CI they fail instead
const describeOnServer = availablePostgres({ own: true }) || process.env['CI'] ? describe : describe.skip;

describeOnServer('startPostgres', () => {
  const folder = mkdtempSync(join(tmpdir(), 'postgres-spec-'));
  let server: PostgresServer;
  let pool: pg.Pool;

  beforeAll(async () => {
    server = await startPostgres({ own: true });
    pool = new pg.Pool({ connectionString: server.url });
    pool.on('error', () => undefined);
  }, 60_000);
  afterAll(async () => {
    await pool?.end();
    await server?.stop();
    rmSync(folder, { recursive: true });
  });

  it('listens on loopback only', async () => {
    const { rows } = await pool.query<{ listen_addresses: string }>('SHOW listen_addresses');
    expect(rows[0]?.listen_addresses).toBe('127.0.0.1');
    const sockets = await pool.query<{ unix_socket_directories: string }>('SHOW unix_socket_directories');
    expect(sockets.rows[0]?.unix_socket_directories).toBe('');
  });

  it('has what was committed after a kill, and not what was not', async () => {
    await pool.query('CREATE TABLE kept (value text)');
    await pool.query(`INSERT INTO kept VALUES ('committed')`);
    const client = await pool.connect();
    const broken = once(client, 'error');
    client.on('error', () => undefined);
    await client.query('BEGIN');
    await client.query(`INSERT INTO kept VALUES ('open')`);
    await server.kill();
    await broken;
    client.release(true);
    await expect(pool.query('SELECT 1')).rejects.toThrow();
    await server.restart();
    expect((await pool.query('SELECT value FROM kept')).rows).toEqual([{ value: 'committed' }]);
  });

  it('restarts one that runs', async () => {
    const startedAt = async (): Promise<unknown> =>
      (await pool.query<{ at: Date }>('SELECT pg_postmaster_start_time() AS at')).rows[0]?.at;
    const before = await startedAt();
    await server.restart();
    expect(await startedAt()).not.toEqual(before);
  });

  it('leaves neither process nor data', async () => {
    const other = await startPostgres({ own: true });
    const client = new pg.Client({ connectionString: other.url });
    await client.connect();
    const { rows } = await client.query<{ directory: string; postmaster: number }>(
      `SELECT current_setting('data_directory') AS directory,
              CAST(split_part(pg_read_file('postmaster.pid'), E'\\n', 1) AS int) AS postmaster`,
    );
    const [{ directory, postmaster }] = rows as [{ directory: string; postmaster: number }];
    await client.end();
    expect(existsSync(directory)).toBe(true);
    await other.stop();
    await other.stop();
    expect(existsSync(directory)).toBe(false);
    expect(() => process.kill(postmaster, 0)).toThrow('ESRCH');
  });

  it('ends with the process that started it, even by SIGKILL', async () => {
    const program = join(folder, 'starter.mjs');
    await build({
      entryPoints: [join(import.meta.dirname, 'postgres-support/starter.ts')],
      outfile: program,
      bundle: true,
      platform: 'node',
      format: 'esm',
      external: ['pg-native'],
      banner: { js: `import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);` },
    });
    const child = spawn(process.execPath, [program], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [directory] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
    const postmaster = Number(readFileSync(join(directory, 'postmaster.pid'), 'utf8').split('\n')[0]);
    expect(process.kill(postmaster, 0)).toBe(true);
    child.kill('SIGKILL');
    // the directory goes last
    await gone(directory);
    expect(() => process.kill(postmaster, 0)).toThrow('ESRCH');
    expect(existsSync(directory)).toBe(false);
  }, 30_000);

  it('gives a database of its own on a server that was given', async () => {
    const before = process.env['DATABASE_URL'];
    process.env['DATABASE_URL'] = server.url;
    try {
      const given = await startPostgres();
      expect(new URL(given.url).port).toBe(new URL(server.url).port);
      const databases = async (): Promise<unknown[]> =>
        (await pool.query('SELECT 1 FROM pg_database WHERE datname = $1', [new URL(given.url).pathname.slice(1)])).rows;
      expect(await databases()).toHaveLength(1);
      await expect(given.kill()).rejects.toThrow('DATABASE_URL');
      await expect(given.restart()).rejects.toThrow('DATABASE_URL');
      await given.stop();
      await given.stop();
      expect(await databases()).toHaveLength(0);
    } finally {
      if (before === undefined) delete process.env['DATABASE_URL'];
      else process.env['DATABASE_URL'] = before;
    }
  });
});

describe('embeddedPostgres', () => {
  it('is a pool of pg with transactions', async () => {
    const { pool, stop } = await embeddedPostgres();
    await pool.query('CREATE TABLE things (id bigint PRIMARY KEY)');
    const client = await pool.connect();
    await client.query('BEGIN');
    await client.query('INSERT INTO things VALUES ($1)', [1]);
    await client.query('ROLLBACK');
    client.release();
    await expect(pool.query('INSERT INTO nothing VALUES (1)')).rejects.toMatchObject({ code: '42P01' });
    expect((await pool.query('SELECT * FROM things')).rowCount).toBe(0);
    await stop();
    await stop();
  }, 30_000);
});

describe('serveEmbeddedPostgres', () => {
  it('takes back what a connection that breaks has not committed, and then serves the next one', async () => {
    const { url, stop } = await serveEmbeddedPostgres();
    const first = new pg.Client({ connectionString: url });
    await first.connect();
    first.on('error', () => undefined);
    await first.query('CREATE TABLE things (id bigint PRIMARY KEY)');
    await first.query({ name: 'insert', text: 'INSERT INTO things VALUES ($1)', values: [1] });
    await first.query('BEGIN');
    await first.query({ name: 'insert', text: 'INSERT INTO things VALUES ($1)', values: [2] });
    const second = new pg.Client({ connectionString: url });
    const connected = second.connect();
    (first as unknown as { connection: { stream: Socket } }).connection.stream.destroy();
    await connected;
    expect((await second.query('SELECT id FROM things')).rows).toEqual([{ id: '1' }]);
    await second.query({ name: 'insert', text: 'INSERT INTO things VALUES ($1)', values: [2] });
    await expect(second.query('INSERT INTO nothing VALUES (1)')).rejects.toMatchObject({ code: '42P01' });
    await second.end();
    await stop();
    await stop();
  }, 60_000);
});

describe('availablePostgres', () => {
  const before = process.env['DATABASE_URL'];
  afterEach(() => {
    if (before === undefined) delete process.env['DATABASE_URL'];
    else process.env['DATABASE_URL'] = before;
  });

  it('prefers DATABASE_URL, except for those who kill their server', () => {
    process.env['DATABASE_URL'] = 'postgres://somewhere/else';
    expect(availablePostgres()).toBe('env');
    expect(availablePostgres({ own: true })).not.toBe('env');
  });

  it('says what to install where there is nothing', () => {
    expect(new PostgresUnavailableError().message).toMatch(/apt-get install postgresql[^]*DATABASE_URL=/);
  });
});

/** Waits until a file is not there any more. */
async function gone(file: string): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (existsSync(file) && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 20));
}
