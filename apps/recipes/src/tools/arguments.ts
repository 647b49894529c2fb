/** One option of a tool. */
export interface OptionSpec {
  /** What stands behind it in the usage; left out: it takes no value. */
  readonly value?: string;
  readonly help: string;
  /** Turns the text into the value. @throws Error whose message says what is allowed. */
  readonly parse?: (text: string) => unknown;
  readonly required?: boolean;
}

/** Options as they were given, or everything that is wrong with them. */
export type ParsedArguments =
  | { readonly kind: 'run'; readonly values: Readonly<Record<string, unknown>> }
  | { readonly kind: 'help' }
  | { readonly kind: 'wrong'; readonly mistakes: readonly string[] };

/** Reads `--name value`, `--name=value` and `--flag`. Never throws: every mistake names what is allowed. */
export function parseArguments(args: readonly string[], specs: Readonly<Record<string, OptionSpec>>): ParsedArguments {
  const allowed = Object.entries(specs).map(([name, { value }]) => `--${name}${value ? ` ${value}` : ''}`);
  const values: Record<string, unknown> = {};
  const mistakes: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const argument = args[i] as string;
    const [, name = '', inline] = /^--([^=]+)(?:=(.*))?$/s.exec(argument) ?? [];
    if (name === 'help') return { kind: 'help' };
    const spec = Object.hasOwn(specs, name) ? specs[name] : undefined;
    if (spec === undefined) {
      mistakes.push(`'${argument}' is not an option; allowed are ${allowed.join(', ')}`);
      // What stands behind it was meant for it.
      if (name !== '' && inline === undefined && args[i + 1]?.startsWith('--') === false) i++;
      continue;
    }
    if (Object.hasOwn(values, name)) mistakes.push(`--${name} is given twice`);
    if (spec.value === undefined) {
      if (inline !== undefined) mistakes.push(`--${name} takes no value`);
      values[name] = true;
      continue;
    }
    const following = args[i + 1];
    const text = inline ?? (following?.startsWith('--') ? undefined : following);
    if (text === undefined) {
      mistakes.push(`--${name} needs a value: --${name} ${spec.value}`);
      continue;
    }
    if (inline === undefined) i++;
    try {
      values[name] = spec.parse ? spec.parse(text) : text;
    } catch (error) {
      mistakes.push(`--${name} ${text}: ${(error as Error).message}`);
    }
  }
  const isNamed = (name: string): boolean => args.some((arg) => arg === `--${name}` || arg.startsWith(`--${name}=`));
  for (const [name, { required, value, help }] of Object.entries(specs)) {
    if (required && !isNamed(name)) mistakes.push(`--${name} ${value ?? ''} is missing: ${help}`);
  }
  return mistakes.length > 0 ? { kind: 'wrong', mistakes } : { kind: 'run', values };
}

/** The options of a tool with a line each. */
export function usage(specs: Readonly<Record<string, OptionSpec>>): string[] {
  const rows = Object.entries(specs).map(([name, { value, help }]) => [`--${name}${value ? ` ${value}` : ''}`, help]);
  const width = Math.max(...rows.map(([option = '']) => option.length));
  return rows.map(([option = '', help = '']) => `  ${option.padEnd(width)}  ${help}`);
}

/** A whole number from `least` to `most`. */
export function whole(least: number, most = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : NaN;
    if (value >= least && value <= most) return value;
    const range = most === Number.MAX_SAFE_INTEGER ? `of ${least} or more` : `from ${least} to ${most}`;
    throw new Error(`a whole number ${range} is needed`);
  };
}

/** A number from `least` to `most`. */
export function number(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : NaN;
    if (value >= least && value <= most) return value;
    throw new Error(`a number from ${least} to ${most} is needed`);
  };
}

/** `host:port`, several with commas. */
export function brokerList(text: string): string[] {
  const brokers = text.split(',').map((broker) => broker.trim());
  if (brokers.every((broker) => /^[^\s:/]+:\d{1,5}$|^\[[0-9a-fA-F:]+\]:\d{1,5}$/.test(broker))) return brokers;
  throw new Error('host:port is needed, or several with commas between');
}

/** A topic's or group's name as Kafka allows it. */
export function topicName(text: string): string {
  if (/^[a-zA-Z0-9._-]{1,249}$/.test(text)) return text;
  throw new Error('a name of up to 249 letters, digits, dots, dashes and underscores is needed');
}
