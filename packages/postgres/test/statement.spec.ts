import { describe, expect, it } from '@jest/globals';
import { quoted, sql, SqlText } from '../src/sql/statement.js';

describe('sql', () => {
  it('has the same statement in both shapes', () => {
    const { text, strings, values } = sql`SELECT ${1}, ${'two'} FROM ${new SqlText('"t"')}`;
    expect(text).toBe('SELECT $1, $2 FROM "t"');
    expect([...strings]).toEqual(['SELECT ', ', ', ' FROM "t"']);
    expect(values).toEqual(['1', 'two']);
    expect(strings.raw).toHaveLength(strings.length);
  });

  it('takes in other statements, wherever they stand', () => {
    const inner = sql`a = ${'A'} AND b = ${'B'}`;
    const { text, strings, values } = sql`${inner} OR ${'C'} = ${new SqlText('c')} OR (${inner})`;
    expect(text).toBe('a = $1 AND b = $2 OR $3 = c OR (a = $4 AND b = $5)');
    expect(values).toEqual(['A', 'B', 'C', 'A', 'B']);
    expect(strings).toHaveLength(values.length + 1);
    // what it was made of is as it was
    expect(inner.text).toBe('a = $1 AND b = $2');
    expect([...inner.strings]).toEqual(['a = ', ' AND b = ', '']);
  });

  it('has one piece of text where there are no values', () => {
    expect([...sql`SELECT 1`.strings]).toEqual(['SELECT 1']);
    expect(sql`SELECT 1`.text).toBe('SELECT 1');
  });

  it('never makes text of a value', () => {
    const value = `'; DROP TABLE users; -- $1 ?`;
    expect(sql`SELECT ${value}`).toMatchObject({ text: 'SELECT $1', values: [value] });
  });
});

describe('quoted', () => {
  it.each([
    ['plain', '"plain"'],
    ['Mixed Case', '"Mixed Case"'],
    ['a"b', '"a""b"'],
    ['"; DROP TABLE users; --', '"""; DROP TABLE users; --"'],
  ])('%s', (name, expected) => expect(quoted(name).text).toBe(expected));
});
