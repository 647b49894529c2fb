import { describe, expect, it } from '@jest/globals';
import { extractCodeBlocks, programsOf, uncheckedBecause } from '../src/index.js';

const markdown = (...lines: string[]): string => lines.join('\n');

describe('extractCodeBlocks', () => {
  it('finds language, info words, line and text', () => {
    const text = markdown('# Title', '', '```ts nocheck needs a database', 'const a = 1;', '', 'a;', '```', 'prose');
    expect(extractCodeBlocks('doc.md', text)).toEqual([
      {
        document: 'doc.md',
        language: 'ts',
        info: ['nocheck', 'needs', 'a', 'database'],
        line: 4,
        text: 'const a = 1;\n\na;\n',
        file: undefined,
      },
    ]);
  });

  it('reads the file from the first line, and only from there', () => {
    const [first, second] = extractCodeBlocks(
      'doc.md',
      markdown('```ts', '// file: src/main.ts', 'a();', '```', '```ts', 'a();', '// file: src/main.ts', '```'),
    );
    expect(first?.file).toBe('src/main.ts');
    expect(second?.file).toBeUndefined();
  });

  it('takes the indentation of the fence off, and no more', () => {
    const [block] = extractCodeBlocks(
      'doc.md',
      markdown('- item', '  ```ts', '  if (a) {', '    b();', '  }', '  ```'),
    );
    expect(block?.text).toBe('if (a) {\n  b();\n}\n');
  });

  it('is not ended by a shorter fence or by the other kind', () => {
    const blocks = extractCodeBlocks(
      'doc.md',
      markdown('````md', '```ts', 'a', '```', '~~~', '````', '~~~', 'b', '~~~'),
    );
    expect(blocks.map(({ language, text }) => [language, text])).toEqual([
      ['md', '```ts\na\n```\n~~~\n'],
      ['', 'b\n'],
    ]);
  });

  it('takes no inline code for a fence', () => {
    expect(extractCodeBlocks('doc.md', 'see ```a``` here\n```a``` too')).toEqual([]);
  });
});

describe('uncheckedBecause', () => {
  const of = (info: string): string | undefined => {
    const [block] = extractCodeBlocks('doc.md', markdown(`\`\`\`ts ${info}`, '```'));
    return block && uncheckedBecause(block);
  };

  it('tells a reason, none, and that there is nothing to tell', () => {
    expect(of('nocheck shows a mistake')).toBe('shows a mistake');
    expect(of('nocheck')).toBe('');
    expect(of('')).toBeUndefined();
  });
});

describe('programsOf', () => {
  it('puts the named files of a document together and every other block on its own', () => {
    const blocks = ['a.md', 'b.md'].flatMap((document) =>
      extractCodeBlocks(
        document,
        markdown(
          '```ts',
          '// file: src/a.ts',
          '```',
          '```ts',
          'x',
          '```',
          '```json',
          '{}',
          '```',
          '```ts',
          '// file: src/b.ts',
          '```',
        ),
      ),
    );
    expect(programsOf(blocks).map(({ document, files }) => [document, ...files.keys()])).toEqual([
      ['a.md', 'src/a.ts', 'src/b.ts'],
      ['a.md', 'block.ts'],
      ['b.md', 'src/a.ts', 'src/b.ts'],
      ['b.md', 'block.ts'],
    ]);
  });

  it('refuses a file that is there twice', () => {
    const text = markdown('```ts', '// file: a.ts', '```', '```ts', '// file: a.ts', '```');
    expect(() => programsOf(extractCodeBlocks('a.md', text))).toThrow('a.md:5: a.ts is in line 2 already');
  });
});
