import pg from 'pg';
import { startPostgres } from '../../src/postgres.js';

/** Starts a server, says where it is, and does nothing more. */
const server = await startPostgres({ own: true });
const client = new pg.Client({ connectionString: server.url });
await client.connect();
const { rows } = await client.query<{ directory: string }>(`SELECT current_setting('data_directory') AS directory`);
await client.end();
console.log(rows[0]?.directory);
setInterval(() => undefined, 60_000);
