import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const DOCS = join(dirname(fileURLToPath(import.meta.url)), '../../../../../docs');

/** What stands in a page between `<!-- name:start -->` and `<!-- name:end -->`. */
export class GeneratedPart {
  readonly #path: string;
  readonly #begin: string;
  readonly #end: string;

  constructor(page: string, name: string) {
    this.#path = join(DOCS, page);
    this.#begin = `<!-- ${name}:start -->`;
    this.#end = `<!-- ${name}:end -->`;
  }

  /** @throws Error where a mark is missing */
  read(): string {
    const [, rest] = this.#split();
    return rest.slice(0, rest.indexOf(this.#end)).trim();
  }

  write(text: string): void {
    const [before, rest] = this.#split();
    writeFileSync(this.#path, `${before}${this.#begin}\n\n${text}\n\n${rest.slice(rest.indexOf(this.#end))}`);
  }

  #split(): [string, string] {
    const [before, rest] = readFileSync(this.#path, 'utf8').split(this.#begin);
    if (before === undefined || !rest?.includes(this.#end)) {
      throw new Error(`${this.#path} has no ${this.#begin} … ${this.#end}`);
    }
    return [before, rest];
  }
}

/** A Markdown table, as Prettier lays it out. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((cell, column) => Math.max(cell.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  return [line(head), `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...rows.map(line)].join('\n');
}
