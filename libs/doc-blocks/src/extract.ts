/** A fenced code block of a Markdown document. */
export interface CodeBlock {
  /** The document as it was named to {@link extractCodeBlocks}. */
  readonly document: string;
  /** First word behind the fence, in lower case; empty where there is none. */
  readonly language: string;
  /** The words after the language. */
  readonly info: readonly string[];
  /** Line of the document, from 1, that the first line of `text` stands on. */
  readonly line: number;
  /** What stands between the fences, without the indentation of the fence. Ends with a line break unless empty. */
  readonly text: string;
  /** The file the block says it is, from a first line `// file: src/main.ts`. */
  readonly file: string | undefined;
}

const OPENING = /^(\s*)(`{3,}|~{3,})\s*([^`]*)$/;
const FILE = /^\/\/ file: (\S+)\s*$/;

/** Every fenced block of a document, in order. A fence that is never closed reaches to the end, as in CommonMark. */
export function extractCodeBlocks(document: string, markdown: string): CodeBlock[] {
  const blocks: CodeBlock[] = [];
  const lines = markdown.split(/\r?\n/);
  for (let i = 0; i < lines.length; i++) {
    const [, indent, fence, words] = OPENING.exec(lines[i] ?? '') ?? [];
    if (indent === undefined || fence === undefined) continue;
    const closing = new RegExp(`^\\s*\\${fence.charAt(0)}{${fence.length},}\\s*$`);
    const line = i + 2;
    const body: string[] = [];
    for (i++; i < lines.length && !closing.test(lines[i] ?? ''); i++)
      body.push(unindent(lines[i] ?? '', indent.length));
    const [language = '', ...info] = (words ?? '').split(/\s+/).filter((word) => word !== '');
    blocks.push({
      document,
      language: language.toLowerCase(),
      info,
      line,
      text: body.map((text) => `${text}\n`).join(''),
      file: FILE.exec(body[0] ?? '')?.[1],
    });
  }
  return blocks;
}

/** Takes off at most `width` blanks. */
function unindent(line: string, width: number): string {
  const blanks = line.length - line.trimStart().length;
  return line.slice(Math.min(blanks, width));
}

/**
 * Why a block is not checked: the words after `nocheck` in its info string.
 * Undefined: it is checked. Empty: it says `nocheck` and not why, which is a mistake.
 */
export function uncheckedBecause(block: CodeBlock): string | undefined {
  const at = block.info.indexOf('nocheck');
  return at < 0 ? undefined : block.info.slice(at + 1).join(' ');
}
