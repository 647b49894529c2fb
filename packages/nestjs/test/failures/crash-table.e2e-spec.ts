import { describe, expect, it } from '@jest/globals';
import { CrashScene } from './support/crash-scene.js';
import { GUARANTEE_HEADS, GUARANTEES, PHASES } from './support/crashes.js';
import { GeneratedPart, markdownTable } from './support/generated-part.js';

// UPDATE_DOCS=1 writes what came out into docs/guarantees.md; without it the page has to say just that.

describe.each(PHASES)('$name', (phase) => {
  it.each(GUARANTEES)('%s', async (guarantee) => {
    expect(await new CrashScene(guarantee).run(phase)).toBe(phase.expected[guarantee]);
  });
});

describe('docs/guarantees.md', () => {
  it('has what came out, and nothing else', async () => {
    const rows: string[][] = [];
    for (const phase of PHASES) {
      const costs: string[] = [];
      for (const guarantee of GUARANTEES) costs.push(await new CrashScene(guarantee).run(phase));
      rows.push([phase.name, ...costs]);
    }
    const table = markdownTable(['the process ends when', ...GUARANTEES.map((one) => GUARANTEE_HEADS[one])], rows);
    const part = new GeneratedPart('guarantees.md', 'crashes');
    if (process.env['UPDATE_DOCS'] === '1') part.write(table);
    expect(part.read()).toBe(table);
  }, 60_000);
});
