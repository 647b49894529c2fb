import { ConfigurationError } from '@kafka-worker/engine';
import { quoted, sql, SqlText, type SqlStatement } from './statement.js';

/** Where tables are and how they are called. */
export interface PostgresTableOptions {
  /** Default: the first schema of the connection's search path. */
  readonly schema?: string;
  /** Start of every table's name. Default `'kafka_worker_'`. */
  readonly prefix?: string;
}

/** A table that a store needs. */
export interface Table {
  /** As it stands in statements: with its schema, quoted. */
  readonly name: SqlText;
  /** What makes it; can be run again and again. */
  readonly create: readonly SqlStatement[];
}

/** Everything a store needs to find. */
export interface TableSet {
  readonly schema: string | undefined;
  readonly tables: readonly Table[];
}

/** The names of the transactional store's tables. What each is for: see the README. */
export interface StoreTables extends TableSet {
  readonly partitions: SqlText;
  readonly fences: SqlText;
  readonly done: SqlText;
}

/** The name of the idempotency store's table. */
export interface KeyTables extends TableSet {
  readonly keys: SqlText;
}

const DEFAULT_PREFIX = 'kafka_worker_';
/** Of a longer name PostgreSQL cuts off the rest without a word. */
const MAX_NAME_BYTES = 63;

// "C": compared byte by byte, which is quick and does not change with the locales of the system.
const PARTITION = new SqlText(
  'group_id text COLLATE "C" NOT NULL, topic text COLLATE "C" NOT NULL, partition integer NOT NULL',
);

/** @throws ConfigurationError where a name is too long */
export function storeTables(options: PostgresTableOptions): StoreTables {
  const name = namer('postgresStore', options, ['partitions', 'fences', 'done']);
  const [partitions, fences, done] = [name('partitions'), name('fences'), name('done')];
  const createPartitions = sql`CREATE TABLE IF NOT EXISTS ${partitions} (
  ${PARTITION},
  epoch bigint NOT NULL,
  next_offset bigint,
  claimed_at timestamptz NOT NULL,
  PRIMARY KEY (group_id, topic, partition)
)`;
  const createFences = sql`CREATE TABLE IF NOT EXISTS ${fences} (
  ${PARTITION},
  epoch bigint NOT NULL,
  PRIMARY KEY (group_id, topic, partition)
)`;
  const createDone = sql`CREATE TABLE IF NOT EXISTS ${done} (
  ${PARTITION},
  record_offset bigint NOT NULL,
  PRIMARY KEY (group_id, topic, partition, record_offset)
)`;
  const tables = [
    { name: partitions, create: [createPartitions] },
    { name: fences, create: [createFences] },
    { name: done, create: [createDone] },
  ];
  return { schema: options.schema, partitions, fences, done, tables };
}

/** @throws ConfigurationError where a name is too long */
export function keyTables(options: PostgresTableOptions): KeyTables {
  const name = namer('postgresIdempotency', options, ['keys', 'keys_expiry']);
  const keys = name('keys');
  // an index is in the schema of its table, and is not named with it
  const index = quoted(`${options.prefix ?? DEFAULT_PREFIX}keys_expiry`);
  const createKeys = sql`CREATE TABLE IF NOT EXISTS ${keys} (
  key text COLLATE "C" PRIMARY KEY,
  token text NOT NULL,
  settled boolean NOT NULL,
  expires_at timestamptz NOT NULL
)`;
  const createIndex = sql`CREATE INDEX IF NOT EXISTS ${index} ON ${keys} (expires_at)`;
  return { schema: options.schema, keys, tables: [{ name: keys, create: [createKeys, createIndex] }] };
}

/** What makes the tables of {@link postgresStore}, for migrations of your own. Can be run again and again. */
export function postgresStoreSql(options: PostgresTableOptions = {}): string {
  return sqlOf(storeTables(options));
}

/** What makes the table of {@link postgresIdempotency}, for migrations of your own. Can be run again and again. */
export function postgresIdempotencySql(options: PostgresTableOptions = {}): string {
  return sqlOf(keyTables(options));
}

export function sqlOf({ schema, tables }: TableSet): string {
  const statements = tables.flatMap(({ create }) => create.map(({ text }) => text));
  const all = schema === undefined ? statements : [createSchema(schema).text, ...statements];
  return all.map((statement) => `${statement};\n`).join('');
}

export function createSchema(schema: string): SqlStatement {
  return sql`CREATE SCHEMA IF NOT EXISTS ${quoted(schema)}`;
}

function namer(
  where: string,
  { schema, prefix = DEFAULT_PREFIX }: PostgresTableOptions,
  suffixes: readonly string[],
): (suffix: string) => SqlText {
  const mistakes = [
    ...(schema === undefined ? [] : [{ option: 'schema', name: schema }]),
    ...suffixes.map((suffix) => ({ option: 'prefix', name: `${prefix}${suffix}` })),
  ].flatMap(({ option, name }) => {
    if (name !== '' && !name.includes('\0') && Buffer.byteLength(name) <= MAX_NAME_BYTES) return [];
    return [{ where, option, message: `"${name}" is no name of PostgreSQL: 1 to ${MAX_NAME_BYTES} bytes are allowed` }];
  });
  if (mistakes.length > 0) throw new ConfigurationError(mistakes);
  const start = schema === undefined ? '' : `${quoted(schema).text}.`;
  return (suffix) => new SqlText(`${start}${quoted(`${prefix}${suffix}`).text}`);
}
