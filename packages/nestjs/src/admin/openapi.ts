import 'reflect-metadata';
import { flag, integer, listOf, object, orNull, text, type JsonSchema } from './json-schema.js';
import { PROBLEM_JSON, PROBLEMS, type ProblemKind } from './problem.js';
import { schemaOf, type Shape } from './shape.js';

/**
 * Under these keys `@nestjs/swagger`, 11 and 12 alike, looks for what its decorators have left. We leave it there
 * ourselves: nothing has to be loaded or even be installed, and the routes are described wherever a document is made.
 */
const SWAGGER = {
  operation: 'swagger/apiOperation',
  parameters: 'swagger/apiParameters',
  responses: 'swagger/apiResponse',
  tags: 'swagger/apiUseTags',
} as const;

/** How a route is described. @internal */
export interface RouteDescription {
  readonly summary: string;
  readonly description?: string;
  /** What stands in the path, by its name. */
  readonly path?: Readonly<Record<string, string>>;
  readonly query: Shape;
  /** Of a command. */
  readonly body?: Shape;
  /** Status and schema of the answer. */
  readonly answer: readonly [status: number, description: string, schema: JsonSchema];
  readonly problems: readonly ProblemKind[];
  /** Statuses that guards answer with. */
  readonly guarded?: boolean;
}

const PROBLEM: JsonSchema = object(
  {
    type: text('`urn:kafka-worker:problem:…`, or `about:blank`'),
    title: text('What the type means'),
    status: integer('The status of the answer'),
    detail: text('What was wrong this time'),
    'code?': text('Code of the error behind it'),
    'mistakes?': listOf(
      object({
        in: { type: 'string', enum: ['body', 'query'] },
        field: text('Empty: the body as a whole'),
        'value?': text('What was given, as text'),
        allowed: text('What is allowed in its place'),
        message: text('All of it as a sentence'),
      }),
      'Every mistake at once',
    ),
    'exists?': listOf({ type: 'string' }, 'What there is instead, 100 at most'),
    'sought?': listOf(soughtSchema(), 'What had been moved before a seek failed'),
  },
  'RFC 9457',
);

/** Describes a route for OpenAPI. @internal */
export function Describe(route: RouteDescription): MethodDecorator {
  const { summary, description, path = {}, query, body } = route;
  const parameters = [
    ...Object.entries(path).map(([name, description]) => ({
      in: 'path',
      name,
      required: true,
      description,
      schema: { type: 'string' },
    })),
    ...Object.entries(query).map(([name, { kind, description, required = false }]) => ({
      in: 'query',
      name,
      required,
      description,
      schema: kind.schema,
    })),
    ...(body && Object.keys(body).length > 0
      ? [{ in: 'body', type: String, required: hasRequired(body), schema: schemaOf(body) }] // the schema wins
      : []),
  ];
  return (_target, _name, descriptor) => {
    const method = descriptor.value as object;
    Reflect.defineMetadata(SWAGGER.operation, { summary, ...(description && { description }) }, method);
    Reflect.defineMetadata(SWAGGER.parameters, parameters, method);
    Reflect.defineMetadata(SWAGGER.responses, responsesOf(route), method);
  };
}

/** Puts the routes of a controller under a heading. @internal */
export function describeController(controller: object, tag: string): void {
  Reflect.defineMetadata(SWAGGER.tags, [tag], controller);
}

function hasRequired(shape: Shape): boolean {
  return Object.values(shape).some(({ required }) => required);
}

function responsesOf({ answer: [status, description, schema], problems, guarded }: RouteDescription): object {
  const responses: Record<string, object> = {
    [status]: { description, content: { 'application/json': { schema } } },
  };
  const said = new Map<number, string[]>(guarded ? [[403, ['a guard refuses it']]] : []);
  for (const kind of problems) {
    const { status, title } = PROBLEMS[kind];
    said.set(status, [...(said.get(status) ?? []), title]);
  }
  for (const [status, titles] of said) {
    responses[status] = { description: titles.join('; '), content: { [PROBLEM_JSON]: { schema: PROBLEM } } };
  }
  return responses;
}

function partitionFields(): Record<string, JsonSchema> {
  return { topic: text('Topic'), partition: integer('Number of the partition', 0) };
}

function soughtSchema(): JsonSchema {
  return object({ ...partitionFields(), from: integer('Its frontier before'), to: integer('Where it goes on') });
}

/** Any object: what `inspect()` says is described where its type is. */
const anything = (description: string): JsonSchema => ({ type: 'object', description, additionalProperties: true });

const CONNECTION = object({
  name: text('Name of the connection'),
  state: text('INITIALIZED, RUNNING, DRAINING or STOPPED'),
  driver: text('The Kafka client'),
  running: integer('Handlers at work'),
});

const MEMBERSHIP_FIELDS: Record<string, JsonSchema> = {
  state: text('connecting, joined, rebalancing, crashed or stopped'),
  memberId: text('Id of this member'),
  generation: integer('-1 where the client does not tell'),
  protocol: orNull(text('Assignment strategy')),
  lastRebalance: orNull(
    object({
      at: integer('Milliseconds since the epoch'),
      durationMs: { type: 'number' },
      assigned: integer('Partitions that came'),
      revoked: integer('Partitions that went'),
      kept: integer('Partitions that stayed'),
    }),
  ),
  error: orNull(text('Why the client is where it is')),
};

const RECORD: JsonSchema = object({
  offset: integer('Offset'),
  key: orNull(text('As the option `keys` says')),
  state: text('queued, claiming, running, waiting, forwarding, frozen or parked'),
  attempt: integer('Which attempt it is'),
  ageMs: { type: 'number', description: 'Since its handler started, or since it was taken' },
  'error?': text('Message of the last attempt, as the option `errors` says'),
});

const PARTITION = object({
  ...partitionFields(),
  connection: text('Connection'),
  groupId: text('Group'),
  worker: text('Worker'),
  since: integer('When it was assigned. Milliseconds since the epoch'),
  epoch: integer('Counts assignments in this process'),
  committed: orNull(integer('Acknowledged by the broker')),
  frontier: integer('Lowest offset that is not settled'),
  position: integer('Next offset to be taken'),
  highWatermark: integer('End of the log, as far as it is known'),
  lag: integer('Records from the frontier to the end'),
  buffered: integer('Records in memory'),
  bufferedBytes: integer('Bytes in memory'),
  lanes: integer('Ordered queues'),
  running: integer('Handlers at work'),
  waiting: integer('Records that wait'),
  mapChars: integer('Characters of the done-set'),
  'heldBy?': RECORD,
  runningRecords: listOf(RECORD),
  parked: integer('Records behind frozen ones whose bytes were given up'),
  frozen: listOf(
    object({
      scope: text('key or partition'),
      reason: text('Why it froze'),
      offset: integer('Where'),
      key: orNull(text('As the option `keys` says')),
      error: text('As the option `errors` says'),
      since: integer('Milliseconds since the epoch'),
      'unfreezesAt?': integer('Milliseconds since the epoch'),
    }),
  ),
  'held?': text('Why there is no position to go on from'),
  paused: flag('Nothing new starts until `resume`'),
  mapHeld: flag('The done-set is too large for more'),
  draining: flag('It is being given back'),
});

const WORKER_FIELDS: Record<string, JsonSchema> = {
  id: text('Class#method'),
  connection: text('Connection'),
  groupId: text('Group'),
  via: { type: 'string', enum: ['strategy', 'discovery'] },
  topics: listOf({ type: 'string' }),
  concurrency: text('serial, partition, key or unordered'),
  limit: integer('Handlers at once'),
  running: integer('Handlers at work'),
  paused: flag('The whole worker is paused'),
  delivery: text('at-least-once, at-most-once, exactly-once or transactional'),
  dispositions: anything('Records by what became of them'),
  'deadLetterBudget?': integer('Dead letters that the budget allows now'),
  held: integer('Partitions held by this process'),
  lag: integer('Records from the frontiers to the ends'),
};

const COMMAND_FIELDS: Record<string, JsonSchema> = {
  command: text('The command'),
  connection: text('Connection'),
  worker: text('Class#method'),
  groupId: text('Group'),
};

/** Schemas of the answers. @internal */
export const ANSWERS = {
  groups: object({
    connections: listOf(CONNECTION),
    groups: listOf(
      object({
        groupId: text('Group'),
        connection: text('Connection'),
        ...MEMBERSHIP_FIELDS,
        workers: listOf({ type: 'string' }),
        partitions: integer('Held by this process'),
        lag: integer('Records from the frontiers to the ends'),
        frozen: integer('Partitions with something frozen'),
        paused: integer('Paused partitions'),
      }),
    ),
    'others?': listOf(object({ groupId: text('Group'), connection: text('Connection') }), 'With `all=true`'),
  }),
  group: object({
    groupId: text('Group'),
    connection: text('Connection'),
    state: text('Stable, Empty, PreparingRebalance, CompletingRebalance, …'),
    protocol: text('Assignment strategy'),
    membership: orNull(object(MEMBERSHIP_FIELDS)),
    members: listOf(
      object({
        memberId: text('Id of the member'),
        clientId: text('Client id'),
        host: text('Where it connects from'),
        self: flag('It is this process'),
        partitions: listOf(object(partitionFields())),
      }),
    ),
    partitions: listOf(
      object({
        ...partitionFields(),
        committed: orNull(integer('Next offset to read')),
        end: integer('One past the last record'),
        lag: orNull(integer('Null where nothing is committed')),
        owner: orNull(text('Member id')),
        ownerClientId: orNull(text('Client id')),
      }),
    ),
    lag: integer('Sum over the partitions'),
  }),
  workers: object({ workers: listOf(object(WORKER_FIELDS)) }),
  worker: object({ ...WORKER_FIELDS, partitions: listOf(PARTITION) }),
  partitions: object({ partitions: listOf(PARTITION) }),
  standings: object({
    ...COMMAND_FIELDS,
    partitions: listOf(
      object({ ...partitionFields(), paused: flag('Paused now'), frozen: integer('Freezes in it now') }),
    ),
  }),
  seek: object({ ...COMMAND_FIELDS, partitions: listOf(soughtSchema()) }),
  limit: object({ ...COMMAND_FIELDS, limit: integer('From now on'), before: integer('Until now') }),
  drain: object({ command: text('drain'), connections: listOf(CONNECTION) }),
} as const;
