import { isRecord } from '../utils/show.js';
import { integer, object, text } from './json-schema.js';
import type { FieldMistake } from './problem.js';
import { FLAG, FLAG_TEXT, missing, TEXT, whole, type Field, type Kind, type Shape, type Shaped } from './shape.js';

/** What the routes look at in a request: the same on Express and Fastify. @internal */
export interface AdminRequest {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: unknown;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly user?: unknown;
}

/** Where a seek goes: the beginning or the end of what is in the log, an offset, or the first record of a time. */
export type SeekTo = 'beginning' | 'end' | { readonly offset: number } | { readonly timestamp: number | string };

const OFFSET = whole(0);
/** With its zone: a time without one would be that of the server's wall. */
const ISO_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})$/;

const SEEK_TO: Kind<SeekTo> = {
  allowed:
    "'beginning', 'end', { offset: whole number of 0 or more } or { timestamp: milliseconds since the epoch, or a text as '2026-01-31T12:00:00Z' }",
  schema: {
    oneOf: [
      { type: 'string', enum: ['beginning', 'end'] },
      object({ offset: integer('Next offset to read', 0) }),
      object({
        timestamp: {
          oneOf: [integer('Milliseconds since the epoch', 0), { ...text('ISO 8601'), format: 'date-time' }],
        },
      }),
    ],
  },
  read: (given) => {
    if (given === 'beginning' || given === 'end') return given;
    if (!isRecord(given) || Object.keys(given).length !== 1) return undefined;
    if (OFFSET.read(given['offset']) !== undefined) return given as unknown as SeekTo;
    return timeOf(given['timestamp']) === undefined ? undefined : (given as unknown as SeekTo);
  },
};

/** Milliseconds since the epoch; undefined: it is no time. @internal */
export function timeOf(given: unknown): number | undefined {
  if (typeof given !== 'string') return OFFSET.read(given);
  const time = ISO_TIME.test(given) ? Date.parse(given) : NaN;
  return Number.isNaN(time) || time < 0 ? undefined : time;
}

const connection: Field<string> = {
  kind: TEXT,
  description: 'Name of the connection. Needed where more than one has the target; that without a name is `default`.',
};

/** The query of each reading route. @internal */
export const QUERIES = {
  groups: {
    connection,
    all: { kind: FLAG_TEXT, description: 'Names all other groups of the cluster too. Default false.' },
  },
  target: { connection },
  partitions: {
    connection,
    groupId: { kind: TEXT, description: 'Those of this group only.' },
    worker: { kind: TEXT, description: 'Those of this worker only: `Class#method` or `Class.method`.' },
    topic: { kind: TEXT, description: 'Those of this topic only.' },
  },
} satisfies Record<string, Shape>;

const TARGET = {
  topic: { kind: TEXT, description: 'Only partitions of this topic. Left out: all of the worker.' },
  partition: { kind: whole(0), description: 'Only this partition; needs `topic`.' },
} satisfies Shape;

/** The body of each command. @internal */
export const BODIES = {
  pause: TARGET,
  resume: TARGET,
  freeze: TARGET,
  unfreeze: {
    ...TARGET,
    skip: { kind: FLAG, description: 'True: goes on past the frozen record. Default false: it is tried again.' },
  },
  seek: {
    ...TARGET,
    to: { kind: SEEK_TO, required: true, description: 'Where to go on. An offset needs `topic` and `partition`.' },
  },
  limit: {
    limit: { kind: whole(1), required: true, description: 'Handlers at once in this process, until it ends.' },
  },
  drain: {},
} as const satisfies Record<string, Shape>;

/** Every command there is. */
export type KafkaWorkerCommand = keyof typeof BODIES;

/** What came in the body of a command. @internal */
export type BodyOf<C extends KafkaWorkerCommand> = Shaped<(typeof BODIES)[C]>;

/** What no field can say for itself. @internal */
export function checkTogether(body: Partial<BodyOf<'seek'>>): FieldMistake[] {
  const { topic, partition, to } = body;
  const mistakes: FieldMistake[] = [];
  const single = typeof to === 'object' && 'offset' in to;
  if (topic === undefined && (partition !== undefined || single)) {
    mistakes.push(missing('body', 'topic', `the topic of the ${single ? 'offset' : 'partition'}`));
  }
  if (partition === undefined && single) mistakes.push(missing('body', 'partition', 'the partition of the offset'));
  return mistakes;
}
