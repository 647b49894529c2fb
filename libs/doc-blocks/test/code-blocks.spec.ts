import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { extractCodeBlocks, isTypeScript, programsOf, uncheckedBecause } from '../src/index.js';
import { readDocument, typeCheck, type DocCompilation } from './support/compile.js';

const root = join(dirname(fileURLToPath(import.meta.url)), '../../..');

/** README.md, docs/**.md and the README.md of every workspace. */
const documents = [
  'README.md',
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
  ...['packages', 'libs', 'apps'].flatMap((folder) =>
    readdirSync(join(root, folder)).map((workspace) => `${folder}/${workspace}/README.md`),
  ),
].filter((document) => existsSync(join(root, document)));

const blocks = documents.flatMap((document) => extractCodeBlocks(document, readDocument(root, document)));
const where = ({ document, line }: { document: string; line: number }): string => `${document}:${line}`;

// The quick start is for Nest 12 in ESM and for Nest 11 in CommonJS.
const compilations: DocCompilation[] = programsOf(blocks).flatMap((program) => [
  { program, format: 'module' as const },
  ...(program.document === 'README.md' && !program.files.has('block.ts')
    ? [{ program, format: 'commonjs' as const }]
    : []),
]);

describe('code blocks of the documentation', () => {
  let problems: string[][] = [];

  beforeAll(() => {
    problems = typeCheck(root, compilations);
  }, 120_000);

  it('finds the documents', () => {
    expect(documents).toContain('README.md');
    expect(compilations.length).toBeGreaterThan(0);
  });

  it.each(documents)('type-checks those of %s', (document) => {
    const found = problems.filter((_, index) => compilations[index]?.program.document === document).flat();
    expect([...new Set(found)]).toEqual([]);
  });

  it('finds a mistake, and names document, line and message', () => {
    const text = 'prose\n\n```ts\nconst limit: number = 1;\nconst text: string = limit;\n```\n';
    const [program] = programsOf(extractCodeBlocks('docs/x.md', text));
    expect(typeCheck(root, program ? [{ program, format: 'module' }] : [])).toEqual([
      ["docs/x.md:5: Type 'number' is not assignable to type 'string'."],
    ]);
  }, 60_000);

  it('has a reason for every block that is not checked', () => {
    const unfounded = blocks.filter((block) => uncheckedBecause(block) === '');
    expect(unfounded.map(where)).toEqual([]);
    expect(blocks.filter((block) => uncheckedBecause(block) !== undefined && !isTypeScript(block)).map(where)).toEqual(
      [],
    );
  });

  it('has JSON that parses', () => {
    const broken = blocks
      .filter(({ language }) => language === 'json')
      .flatMap((block) => {
        try {
          JSON.parse(block.text);
          return [];
        } catch (error) {
          return [`${where(block)}: ${String(error)}`];
        }
      });
    expect(broken).toEqual([]);
  });
});
