import { describe, expect, it } from '@jest/globals';
import { run } from '../src/cli/run.js';
import { recipes } from '../src/recipes/index.js';

async function cli(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const out: string[] = [];
  const err: string[] = [];
  const code = await run(args, { out: (line) => void out.push(line), err: (line) => void err.push(line) });
  return { code, out: out.join('\n'), err: err.join('\n') };
}

describe('npm run recipe', () => {
  it('lists every recipe with a line', async () => {
    const { code, out } = await cli();
    expect(code).toBe(0);
    for (const { id, title } of recipes) expect(out).toContain(`  ${id}  ${title}\n`);
  });

  it.each(['99', '0', '98'])('%s: says which there are', async (id) => {
    const { code, err } = await cli(id);
    expect(code).toBe(2);
    expect(err).toContain(`There is no recipe ${id}`);
    for (const { id, title } of recipes) expect(err).toContain(`${id}  ${title}`);
  });

  it.each([
    [['05', '--kafak'], '--kafak: not an option of a recipe; allowed are --kafka, --verbose'],
    [['nonsense'], "'nonsense' is neither a recipe nor a tool; allowed are 01, 02"],
    [['produce', '--topic', 't'], '--brokers host:port is missing'],
    [['produce', '--brokers', 'a:1', '--topic', 't', '--payload', '{'], '--payload {: JSON is needed'],
    [['view'], '--brokers host:port is missing'],
    [['view', '--brokers', 'a:1', '--topic', 'not a topic'], 'letters, digits, dots, dashes and underscores'],
  ])('%j: exit 2 and what is allowed', async (args, message) => {
    const { code, err } = await cli(...args);
    expect(code).toBe(2);
    expect(err).toContain(message);
  });

  it('5 plays 05 and prints head, timeline and outcome', async () => {
    const { code, out } = await cli('5');
    expect(code).toBe(0);
    expect(out).toMatch(/^05 Key-concurrent\n {3}order: /);
    expect(out).toMatch(/\norder-0 │0+/);
    expect(out).toContain('order within each key: kept');
  });
});
