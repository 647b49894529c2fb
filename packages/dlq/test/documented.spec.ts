import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { OPTION_NAMES } from '../src/cli/command.js';
import { EXIT_CODES } from '../src/cli/exit-codes.js';
import { HELP } from '../src/cli/help.js';

const README = readFileSync('packages/dlq/README.md', 'utf8');

describe.each([
  ['--help', HELP],
  ['the README', README],
])('%s', (_, text) => {
  it.each([...OPTION_NAMES])('has --%s', (name) => {
    expect(text).toMatch(new RegExp(`--${name}(?![\\w-])`));
  });

  it.each(Object.values(EXIT_CODES))('has exit code %d', (code) => {
    expect(text).toMatch(new RegExp(`^\\|? *\`?${code}\`? `, 'm'));
  });

  it('has no option that there is not', () => {
    const named = [...text.matchAll(/(?<![\w-])--([a-z][a-z-]*)/g)].map(([, name]) => name as string);
    expect([...new Set(named)].filter((name) => !OPTION_NAMES.includes(name))).toEqual([]);
  });
});
