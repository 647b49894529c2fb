import type pg from 'pg';
import type { Gate } from '../gate.js';

/** Gates before and after each COMMIT of a pool's connections, whoever sends it. */
export function gateCommits(pool: pg.Pool, gate: Gate): void {
  pool.on('connect', (client) => {
    const query = client.query.bind(client) as (...args: unknown[]) => Promise<unknown>;
    const gated = (...args: unknown[]): Promise<unknown> => {
      const [statement] = args as [string | { text: string }];
      const text = typeof statement === 'string' ? statement : statement.text;
      return text === 'COMMIT' ? commit(args) : query(...args);
    };
    const commit = async (args: unknown[]): Promise<unknown> => {
      await gate.pass('commit', 'COMMIT');
      const answer = await query(...args);
      await gate.pass('committed', 'COMMIT');
      return answer;
    };
    Object.assign(client, { query: gated });
  });
}
