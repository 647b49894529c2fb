import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FAILURES, type Failure } from './failures.js';
import { OUTCOME_NAMES, OUTCOMES, type Outcome } from './outcomes.js';
import { POLICIES, POLICY_HEADS, type PolicyName } from './policies.js';

const PAGE = join(dirname(fileURLToPath(import.meta.url)), '../../../../../docs/failures.md');
const BEGIN = '<!-- failures:start -->';
const END = '<!-- failures:end -->';

/** What stands between the marks of the page: the two tables. @throws Error where a mark is missing */
export function readTables(): string {
  const [, rest] = split(readFileSync(PAGE, 'utf8'));
  return rest.slice(0, rest.indexOf(END)).trim();
}

/** Puts the tables between the marks. */
export function writeTables(tables: string): void {
  const page = readFileSync(PAGE, 'utf8');
  const [before, rest] = split(page);
  writeFileSync(PAGE, `${before}${BEGIN}\n\n${tables}\n\n${rest.slice(rest.indexOf(END))}`);
}

function split(page: string): [string, string] {
  const [before, rest] = page.split(BEGIN);
  if (before === undefined || !rest?.includes(END)) throw new Error(`docs/failures.md has no ${BEGIN} … ${END}`);
  return [before, rest];
}

/** Failures by policies, and what the outcomes mean. @param cellOf what came out, or that the two cannot meet */
export async function makeTables(cellOf: (failure: Failure, policy: PolicyName) => Promise<string>): Promise<string> {
  const failures: string[][] = [];
  for (const failure of FAILURES) {
    const cells: string[] = [];
    for (const policy of POLICIES) cells.push(await cellOf(failure, policy));
    failures.push([failure.name, ...cells]);
  }
  return [
    table(['failure', ...POLICIES.map((policy) => POLICY_HEADS[policy])], failures),
    '',
    table(
      ['outcome', 'the record', 'the committed offset', 'later ones of its key', 'of other keys', 'after a restart'],
      OUTCOME_NAMES.map((name) => [name, ...describe(OUTCOMES[name])]),
    ),
  ].join('\n');
}

function describe({ record, offset, sameKey, otherKeys, restart }: Outcome): string[] {
  const ends = record.map((end) => end.replace(/^[\w-]+/, '`$&`'));
  return [ends.join(', then ') || 'no end', offset, sameKey, otherKeys, restart];
}

/** As Prettier lays it out. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((cell, column) => Math.max(cell.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  return [line(head), `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...rows.map(line)].join('\n');
}
