import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { postgresIdempotencySql, postgresStoreSql } from '../src/index.js';

const readme = readFileSync(join(import.meta.dirname, '../README.md'), 'utf8');
const blocks = [...readme.matchAll(/```(\w+)\n([^]*?)```/g)].map(([, language = '', text = '']) => ({
  language,
  text,
}));

describe('README', () => {
  it.each(['drizzle', 'knex'])('has the adapter for %s that is tested', (name) => {
    const tested = readFileSync(join(import.meta.dirname, `support/adapters/${name}.ts`), 'utf8');
    expect(blocks.filter(({ text }) => text === tested)).toHaveLength(1);
  });

  it('has the SQL that makes the tables', () => {
    const tables = blocks.filter(({ language }) => language === 'sql').map(({ text }) => text);
    expect(tables).toContain(postgresStoreSql());
    expect(tables).toContain(postgresIdempotencySql());
  });
});
