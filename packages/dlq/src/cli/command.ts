import { parseArgs } from 'node:util';
import type { DeadLetterFilter } from '../letters/filter.js';
import { UsageError } from './exit-codes.js';
import { errorFilter, keyFilter, moment, offsetSpan, positiveNumber, wholeNumber } from './values.js';

const TEXT = { type: 'string' } as const;
const FLAG = { type: 'boolean' } as const;

const COMMON = {
  help: { ...FLAG, short: 'h' },
  json: FLAG,
  verbose: FLAG,
  brokers: TEXT,
  'client-id': TEXT,
  config: TEXT,
  'session-timeout': TEXT,
  silence: TEXT,
  'from-topic': TEXT,
  'from-partition': TEXT,
  'from-offset': TEXT,
  partition: TEXT,
  offset: TEXT,
  group: TEXT,
  worker: TEXT,
  error: TEXT,
  key: TEXT,
  'key-hex': TEXT,
  since: TEXT,
  until: TEXT,
  limit: TEXT,
} as const;

const LIST = { values: FLAG } as const;

const REPLAY = {
  execute: FLAG,
  again: FLAG,
  to: TEXT,
  rate: TEXT,
  'request-records': TEXT,
} as const;

/** Every option there is, without its dashes. */
export const OPTION_NAMES: readonly string[] = Object.keys({ ...COMMON, ...LIST, ...REPLAY });

/** What both commands are told. */
export interface CommonOptions {
  readonly topic: string;
  readonly filter: DeadLetterFilter;
  readonly limit: number | undefined;
  readonly json: boolean;
  readonly verbose: boolean;
  readonly brokers: string | undefined;
  readonly clientId: string | undefined;
  /** Path of a file with the client's options. */
  readonly config: string | undefined;
  /** Milliseconds. */
  readonly sessionTimeoutMs: number | undefined;
  /** Milliseconds. */
  readonly silenceMs: number | undefined;
}

/** `list` */
export interface ListCommand extends CommonOptions {
  readonly name: 'list';
  readonly values: boolean;
}

/** `replay` */
export interface ReplayCommand extends CommonOptions {
  readonly name: 'replay';
  readonly execute: boolean;
  readonly again: boolean;
  readonly to: string | undefined;
  readonly ratePerSecond: number | undefined;
  readonly requestRecords: number | undefined;
}

/** What a command line asks for. */
export type Command = ListCommand | ReplayCommand | { readonly name: 'help' };

/** @throws UsageError */
export function parseCommand(args: readonly string[]): Command {
  const [name, ...rest] = args;
  switch (name) {
    case 'list': {
      const { values, positionals } = parsed(rest, { ...COMMON, ...LIST });
      if (values.help) return { name: 'help' };
      return { name, ...common(values, positionals), values: values.values ?? false };
    }
    case 'replay': {
      const { values, positionals } = parsed(rest, { ...COMMON, ...REPLAY });
      if (values.help) return { name: 'help' };
      return {
        name,
        ...common(values, positionals),
        execute: values.execute ?? false,
        again: values.again ?? false,
        to: values.to,
        ratePerSecond: positiveNumber('rate', values.rate),
        requestRecords: wholeNumber('request-records', values['request-records'], 1),
      };
    }
    case 'help':
    case '--help':
    case '-h':
      return { name: 'help' };
    case undefined:
      throw new UsageError('list or replay is missing');
    default:
      throw new UsageError(`${name} is no command; list and replay are`);
  }
}

type Options = NonNullable<NonNullable<Parameters<typeof parseArgs>[0]>['options']>;

function parsed<O extends Options>(args: string[], options: O) {
  try {
    return parseArgs({ args, options, allowPositionals: true, strict: true });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

type CommonValues = {
  readonly [K in keyof typeof COMMON]?: (typeof COMMON)[K]['type'] extends 'string' ? string : boolean;
};

function common(values: CommonValues, positionals: readonly string[]): CommonOptions {
  const [topic, ...others] = positionals;
  if (topic === undefined) throw new UsageError('the dead-letter topic is missing');
  if (others.length > 0) throw new UsageError(`one topic at a time: ${others.join(' ')} is too much`);
  return {
    topic,
    filter: filterOf(values),
    limit: wholeNumber('limit', values.limit, 1),
    json: values.json ?? false,
    verbose: values.verbose ?? false,
    brokers: values.brokers,
    clientId: values['client-id'],
    config: values.config,
    sessionTimeoutMs: wholeNumber('session-timeout', values['session-timeout'], 1),
    silenceMs: wholeNumber('silence', values.silence, 1),
  };
}

function filterOf(values: CommonValues): DeadLetterFilter {
  const filter = {
    partition: wholeNumber('partition', values.partition),
    offsets: offsetSpan('offset', values.offset),
    fromTopic: values['from-topic'],
    fromPartition: wholeNumber('from-partition', values['from-partition']),
    fromOffsets: offsetSpan('from-offset', values['from-offset']),
    group: values.group,
    worker: values.worker,
    error: errorFilter(values.error),
    key: keyFilter(values.key, values['key-hex']),
    since: moment('since', values.since),
    until: moment('until', values.until),
  };
  return given(filter);
}

/** Without what is undefined. */
export function given<T extends object>(options: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
