import { beforeAll, describe, expect, it } from '@jest/globals';
import { extractCodeBlocks, isTypeScript, programsOf, uncheckedBecause } from '../src/index.js';
import { readDocument, typeCheck, type DocCompilation } from './support/compile.js';
import { documents, root } from './support/documents.js';

const blocks = documents.flatMap((document) => extractCodeBlocks(document, readDocument(root, document)));
const where = ({ document, line }: { document: string; line: number }): string => `${document}:${line}`;

// The quick start is for Nest 12 in ESM and for Nest 11 in CommonJS.
const compilations: DocCompilation[] = programsOf(blocks).flatMap((program) => [
  { program, format: 'module' as const },
  ...(program.document === 'README.md' && !program.files.has('block.ts')
    ? [{ program, format: 'commonjs' as const }]
    : []),
]);

// Compiled along with the others, so that it is known that a mistake is found.
const mistaken = programsOf(
  extractCodeBlocks('docs/x.md', 'prose\n\n```ts\nconst limit: number = 1;\nconst text: string = limit;\n```\n'),
).map((program): DocCompilation => ({ program, format: 'module' }));

describe('code blocks of the documentation', () => {
  let problems: string[][] = [];

  beforeAll(() => {
    problems = typeCheck(root, [...compilations, ...mistaken]);
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
    expect(problems.at(-1)).toEqual(["docs/x.md:5: Type 'number' is not assignable to type 'string'."]);
  });

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
