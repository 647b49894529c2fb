import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';

interface Change {
  readonly find: string;
  readonly replace: string;
}

interface PlantedBug extends Change {
  readonly name: string;
  readonly file: string;
  readonly also?: readonly Change[];
}

const root = join(import.meta.dirname, '../../../..');
const list = '../../../../scripts/mutants/bugs.mjs';
const { bugs } = (await import(list)) as { bugs: readonly PlantedBug[] };

describe('planted bugs', () => {
  it.each(bugs)('$name: has its place in the engine', ({ file, also = [], ...first }) => {
    for (const { find, replace } of [first, ...also]) {
      expect(readFileSync(join(root, file), 'utf8').split(find)).toHaveLength(2);
      expect(replace).not.toBe(find);
    }
  });

  it('are all in the table of what caught them', () => {
    const page = readFileSync(join(root, 'docs/planted-bugs.md'), 'utf8');
    expect(bugs.map(({ name }) => name).filter((name) => !page.includes(`| ${name} `))).toEqual([]);
  });

  // the rest is up to `npm run mutants`: minutes
  it.each(['commit one too far', 'a drain forgets finished work', 'pause forgotten after a join'])(
    '%s: is caught',
    (name) => {
      const told = execFileSync(process.execPath, [join(root, 'scripts/mutants.mjs'), name], { encoding: 'utf8' });
      expect(told).toContain('1 of 1 planted bugs caught');
    },
    60_000,
  );
});
