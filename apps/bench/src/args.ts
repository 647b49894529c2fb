import { parseArgs } from 'node:util';
import { CELL_NAMES, CELLS, type CellName } from './cells/index.js';

/** What one call of the bench is to do. */
export interface BenchArgs {
  readonly cells: readonly CellName[];
  /** Names of entries; undefined: all of each cell. */
  readonly subjects: readonly string[] | undefined;
  readonly runs: number;
  /** Records of each cell instead of its own number. */
  readonly records: number | undefined;
  readonly json: string | undefined;
  /** Folder for a CPU profile of every run. */
  readonly profile: string | undefined;
  /** Bound of one run. Seconds. */
  readonly timeoutS: number;
  readonly verify: boolean;
  readonly keep: boolean;
}

/** Arguments that make no sense; the message says what is allowed. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** With fewer runs a median says little: the figures are for oneself. */
export const RUNS_OF_A_RECORD = 5;

export const USAGE = `usage: npm run bench -- [options]
  --cells W1,W2      which cells (default: all): ${CELL_NAMES.join(', ')}
  --subjects a,b     only these subjects of the cells (default: all)
  --runs N           runs of each subject, in turn (default ${RUNS_OF_A_RECORD})
  --json FILE        write every run and every figure
  --verify           one run of each subject that checks every record instead of measuring
  --records N        other than the cell's own number of records
  --profile FOLDER   a CPU profile of every run (slower: the figures do not count)
  --timeout S        bound of one run in seconds (default 180)
  --keep             leave the topics, so that the next call on the same KAFKA_BROKERS finds them
  --help
A real broker is started for it, or with KAFKA_BROKERS=host:port,... somebody's is used.

${CELL_NAMES.map((name) => `${name}  ${CELLS[name].title}\n    ${CELLS[name].entries.map((entry) => entry.name).join(', ')}`).join('\n')}`;

const OPTIONS = {
  cells: { type: 'string' },
  subjects: { type: 'string' },
  runs: { type: 'string' },
  records: { type: 'string' },
  json: { type: 'string' },
  profile: { type: 'string' },
  timeout: { type: 'string' },
  verify: { type: 'boolean' },
  keep: { type: 'boolean' },
  help: { type: 'boolean' },
} as const;

/** @returns undefined where help was asked for. @throws UsageError with every mistake. */
export function readArgs(argv: readonly string[]): BenchArgs | undefined {
  const values = parse(argv);
  if (values.help === true) return undefined;
  const mistakes: string[] = [];
  const cells = names(values.cells, CELL_NAMES, '--cells', mistakes) ?? CELL_NAMES;
  const entries = new Set(cells.flatMap((cell) => CELLS[cell].entries.map(({ name }) => name)));
  const args: BenchArgs = {
    cells,
    subjects: names(values.subjects, [...entries], '--subjects', mistakes),
    runs: whole(values.runs, '--runs', mistakes) ?? RUNS_OF_A_RECORD,
    records: whole(values.records, '--records', mistakes),
    json: filled(values.json, '--json', 'a file', mistakes),
    profile: filled(values.profile, '--profile', 'a folder', mistakes),
    timeoutS: whole(values.timeout, '--timeout', mistakes) ?? 180,
    verify: values.verify ?? false,
    keep: values.keep ?? false,
  };
  if (mistakes.length > 0) throw new UsageError(mistakes.join('\n'));
  return args;
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options: OPTIONS, strict: true }).values;
  } catch (error) {
    const options = Object.keys(OPTIONS).map((name) => `--${name}`);
    throw new UsageError(
      `${error instanceof Error ? error.message : String(error)}\nallowed are ${options.join(', ')}`,
    );
  }
}

function names<Name extends string>(
  value: string | undefined,
  allowed: readonly Name[],
  option: string,
  mistakes: string[],
): readonly Name[] | undefined {
  if (value === undefined) return undefined;
  const given = value.split(',').map((name) => name.trim());
  const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();
  const unknown = given.filter((name) => !allowed.some((one) => same(one, name)));
  if (unknown.length > 0) {
    mistakes.push(`${option}: '${unknown.join("', '")}' is not known; allowed are ${allowed.join(', ')}`);
  }
  // in the order given, each once
  const found = new Set(given.flatMap((name) => allowed.find((one) => same(one, name)) ?? []));
  return [...found];
}

function whole(value: string | undefined, option: string, mistakes: string[]): number | undefined {
  if (value === undefined) return undefined;
  const number = Number(value);
  if (!/^\d+$/.test(value) || number < 1) {
    mistakes.push(`${option}: '${value}' is not allowed; a whole number of 1 or more is`);
  }
  return number;
}

function filled(value: string | undefined, option: string, what: string, mistakes: string[]): string | undefined {
  if (value === '') mistakes.push(`${option}: is empty; ${what} is needed`);
  return value;
}
