import { parseArgs } from 'node:util';

/** What the demo is told on its command line. */
export interface DemoOptions {
  /** Processes of the group. */
  readonly members: number;
  /** Orders to produce; undefined: until Ctrl-C. */
  readonly records: number | undefined;
  /** Orders a second. */
  readonly rate: number;
  /** Same seed, same orders, durations and failures. */
  readonly seed: number;
  /** HTTP port of the first member, the others follow; undefined: `DEFAULT_PORT` or whatever is free. */
  readonly port: number | undefined;
  readonly view: boolean;
  readonly kafka: boolean;
}

/** What a command line means. */
export type Parsed =
  | { readonly kind: 'run'; readonly options: DemoOptions }
  | { readonly kind: 'help' }
  | { readonly kind: 'wrong'; readonly message: string };

interface NumberOption {
  readonly least: number;
  readonly most: number;
}

const NUMBERS: Readonly<Record<'members' | 'records' | 'rate' | 'seed' | 'port', NumberOption>> = {
  members: { least: 1, most: 16 },
  records: { least: 1, most: 10_000_000 },
  rate: { least: 1, most: 10_000 },
  seed: { least: 0, most: 4_294_967_295 },
  port: { least: 1, most: 65_535 },
};

const FLAGS = ['kafka', 'no-view', 'help'] as const;
const ALLOWED = ['--kafka', '--members N', '--records N', '--rate R', '--seed N', '--port P', '--no-view', '--help'];

/** Reads a command line. Never throws: every mistake becomes one message that names what is allowed. */
export function parseOptions(args: readonly string[]): Parsed {
  const { tokens } = parseArgs({
    args: [...args],
    // Not strict: node's own messages do not say what would be right.
    strict: false,
    tokens: true,
    options: Object.fromEntries([
      ...Object.keys(NUMBERS).map((name) => [name, { type: 'string' as const }]),
      ...FLAGS.map((name) => [name, { type: 'boolean' as const }]),
    ]) as Record<string, { type: 'string' | 'boolean' }>,
  });
  const numbers: Partial<Record<keyof typeof NUMBERS, number>> = {};
  const flags = new Set<string>();
  const mistakes: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'option-terminator') continue;
    if (token.kind === 'positional')
      mistakes.push(`'${token.value}' is not an option; allowed are ${ALLOWED.join(', ')}`);
    else if (isNumber(token.name)) {
      const { least, most } = NUMBERS[token.name];
      const value = /^\d+$/.test(token.value ?? '') ? Number(token.value) : NaN;
      if (value >= least && value <= most) numbers[token.name] = value;
      else mistakes.push(`--${token.name} ${token.value ?? ''}: a whole number from ${least} to ${most} is needed`);
    } else if (!isFlag(token.name)) mistakes.push(`${token.rawName} does not exist; allowed are ${ALLOWED.join(', ')}`);
    else if (token.value !== undefined) mistakes.push(`${token.rawName} takes no value`);
    else flags.add(token.name);
  }
  if (flags.has('help')) return { kind: 'help' };
  if (mistakes.length > 0) return { kind: 'wrong', message: mistakes.join('\n') };
  const { members = 1, records, rate = 100, seed = 1, port } = numbers;
  return {
    kind: 'run',
    options: { members, records, rate, seed, port, view: !flags.has('no-view'), kafka: flags.has('kafka') },
  };
}

function isNumber(name: string): name is keyof typeof NUMBERS {
  return Object.hasOwn(NUMBERS, name);
}

function isFlag(name: string): name is (typeof FLAGS)[number] {
  return (FLAGS as readonly string[]).includes(name);
}
