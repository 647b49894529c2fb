import type { CodeBlock } from './extract.js';

/** Blocks that are compiled together: all named files of a document, or a single block without a name. */
export interface DocProgram {
  readonly document: string;
  /** By path inside the program. */
  readonly files: ReadonlyMap<string, CodeBlock>;
}

const TYPESCRIPT = new Set(['ts', 'typescript']);

/** True for blocks that a TypeScript compiler can read. */
export function isTypeScript(block: CodeBlock): boolean {
  return TYPESCRIPT.has(block.language);
}

/**
 * The programs of the blocks of one document or several. The named TypeScript blocks of a document form one program;
 * every other TypeScript block is a module of its own. A name that comes again in its document throws.
 */
export function programsOf(blocks: readonly CodeBlock[]): DocProgram[] {
  const programs: DocProgram[] = [];
  const named = new Map<string, Map<string, CodeBlock>>();
  for (const block of blocks) {
    if (!isTypeScript(block)) continue;
    const { document, file } = block;
    if (file === undefined) {
      programs.push({ document, files: new Map([['block.ts', block]]) });
      continue;
    }
    let files = named.get(document);
    if (files === undefined) {
      named.set(document, (files = new Map<string, CodeBlock>()));
      programs.push({ document, files });
    }
    const first = files.get(file);
    if (first) throw new Error(`${document}:${block.line}: ${file} is in line ${first.line} already`);
    files.set(file, block);
  }
  return programs;
}
