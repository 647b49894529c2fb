import {
  WORKER_OPTION_NAMES,
  type ConfigurationMistake,
  type Delivery,
  type WorkerOptions,
} from '@kafka-worker/engine';
import { checkForwarding } from '../config/check-forwarding.js';
import { checkWorker, withDefaults } from '../config/check-worker.js';
import { topicMistake } from '../config/check-worker-extras.js';
import { DEFAULT_CONNECTION, getKafkaWorkerTransport } from '../constants.js';
import { topicTwice } from '../decorators/kafka-worker.decorator.js';
import { isRetryableByDefault } from '../enhancers/is-retryable.js';
import type { Handler, RecordHandler } from '../handlers/handler.interface.js';
import { readPattern } from '../handlers/pattern.js';
import { topicOf } from '../handlers/topic-of.js';
import type { KafkaWorkerOptions, WorkerDefaults } from '../interfaces/worker-options.interface.js';
import type { Registration } from '../server/kafka-worker.server.js';
import { show } from '../utils/show.js';
import { isForwardTopic } from './forward-topics.js';

/** A worker as it will be started. @internal */
export interface PlannedWorker {
  readonly id: string;
  readonly groupId: string;
  readonly topics: readonly (string | RegExp)[];
  readonly options: WorkerDefaults;
  readonly isEvent: boolean;
  /** Undefined: another library's `addHandler`. */
  readonly handler: Handler | undefined;
  /** What Nest handed to the strategy, one per pattern; empty: found by discovery. */
  readonly registrations: readonly Registration[];
}

/** What a plan is made from. @internal */
export interface PlanInput {
  readonly connection: string;
  readonly handlers: readonly Handler[];
  readonly registrations: readonly Registration[];
  readonly defaults: WorkerDefaults;
  readonly groupId: string | undefined;
  readonly postfixId: string;
}

/** The workers of a connection and everything that is wrong with them. Asks nobody, starts nothing. @internal */
export function planWorkers(input: PlanInput): { workers: PlannedWorker[]; mistakes: ConfigurationMistake[] } {
  const mistakes: ConfigurationMistake[] = [];
  const workers: PlannedWorker[] = [];
  const byMethod = groupByMethod(input.registrations);
  for (const handler of input.handlers) {
    const name = handler.worker?.options.name ?? DEFAULT_CONNECTION;
    if (handler.worker && name !== input.connection) continue;
    // Two hosts of one class share their methods: Nest handed over those of controllers only.
    const registrations = handler.kind === 'controller' ? (byMethod.get(handler.method) ?? []) : [];
    // A bare pattern is ours where Nest hands it to our strategy or it names us; otherwise it is another transport's.
    const isOurs = readPattern(handler.method)?.transport === getKafkaWorkerTransport(input.connection);
    if (!handler.worker && registrations.length === 0 && !isOurs) continue;
    workers.push(planOne(input, handler, registrations, mistakes));
  }
  for (const registration of byMethod.get(undefined) ?? []) {
    workers.push(planForeign(input, registration, mistakes));
  }
  mistakes.push(...overlaps(workers), ...workers.flatMap(checkForwarding));
  return { workers, mistakes };
}

function groupByMethod(registrations: readonly Registration[]): Map<object | undefined, Registration[]> {
  const groups = new Map<object | undefined, Registration[]>();
  for (const registration of registrations) {
    const group = groups.get(registration.method);
    if (group) group.push(registration);
    else groups.set(registration.method, [registration]);
  }
  return groups;
}

function planOne(
  input: PlanInput,
  handler: Handler,
  registrations: readonly Registration[],
  mistakes: ConfigurationMistake[],
): PlannedWorker {
  const { id, worker } = handler;
  const own: KafkaWorkerOptions = worker?.options ?? {};
  const options = withDefaults(own, input.defaults);
  for (const mistake of worker?.mistakes ?? []) mistakes.push({ ...mistake, where: id });
  if (worker) {
    mistakes.push(...checkWorker(own, input.defaults, id));
  }
  const pattern = readPattern(handler.method)?.patterns ?? [];
  const isTwice = worker && worker.topics.length > 0 && !sameList(pattern, worker.topics);
  if (isTwice && !worker.mistakes.some(({ option }) => option === 'topic')) mistakes.push(topicTwice(id));
  const topics = worker && worker.topics.length > 0 ? worker.topics : checkedPatterns(pattern, id, mistakes);
  if (topics.length === 0 && pattern.length === 0 && own.topic === undefined && own.topics === undefined) {
    mistakes.push({ where: id, option: 'topic', message: 'is missing; give it here or in @EventPattern' });
  }
  const groupId = own.groupId ?? input.groupId;
  if (!groupId) {
    mistakes.push({
      where: id,
      option: 'groupId',
      message: "is missing; give it here or as the module's consumer.groupId",
    });
  }
  return {
    id,
    groupId: `${groupId ?? ''}${input.postfixId}`,
    topics: topics.map(stateless),
    options,
    isEvent: handler.isEvent,
    handler,
    registrations,
  };
}

function planForeign(input: PlanInput, registration: Registration, mistakes: ConfigurationMistake[]): PlannedWorker {
  const id = `addHandler(${String(registration.pattern)})`;
  const topics = checkedPatterns([registration.pattern], id, mistakes).map(stateless);
  const { isEvent } = registration;
  const groupId = `${input.groupId ?? ''}${input.postfixId}`;
  if (!input.groupId)
    mistakes.push({ where: id, option: 'groupId', message: 'consumer.groupId of the module is missing' });
  const options = withDefaults({}, input.defaults);
  return { id, groupId, topics, options, isEvent, handler: undefined, registrations: [registration] };
}

/** The part of the options that is the engine's, with refusals not retried by default. @internal */
export function engineOptions(options: WorkerDefaults): WorkerOptions {
  const known: Record<string, unknown> = {};
  for (const name of WORKER_OPTION_NAMES) if (options[name] !== undefined) known[name] = options[name];
  const retryIf = options.retry?.retryIf ?? isRetryableByDefault;
  return { ...known, retry: { ...options.retry, retryIf } };
}

function checkedPatterns(
  patterns: readonly unknown[],
  where: string,
  mistakes: ConfigurationMistake[],
): (string | RegExp)[] {
  return patterns.filter((pattern): pattern is string | RegExp => {
    const message = topicMistake(pattern);
    if (message) mistakes.push({ where, option: 'topic', message: `the pattern ${message}` });
    return message === undefined;
  });
}

/** One record of a group goes to one worker: two of them on a topic could not share its offset. */
function overlaps(workers: readonly PlannedWorker[]): ConfigurationMistake[] {
  const mistakes: ConfigurationMistake[] = [];
  const isForward = (topic: string | RegExp): boolean => typeof topic === 'string' && isForwardTopic(workers, topic);
  const share = (a: string | RegExp, b: string | RegExp): boolean =>
    meet(a, b) && (typeof a === typeof b || !(isForward(a) || isForward(b)));
  workers.forEach((worker, index) => {
    for (const [place, topic] of worker.topics.entries()) {
      const twice = worker.topics.slice(0, place).some((other) => String(topic) === String(other));
      if (twice) mistakes.push({ where: worker.id, option: 'topic', message: `${show(topic)} is named twice` });
      const other = workers
        .slice(0, index)
        .find(({ groupId, topics }) => groupId === worker.groupId && topics.some((before) => share(topic, before)));
      if (!other) continue;
      const message = `${show(topic)} of group '${worker.groupId}' belongs to ${other.id} already; give one of them another groupId`;
      mistakes.push({ where: worker.id, option: 'topic', message });
    }
  });
  return mistakes;
}

/** Whether two subscriptions share a topic, as far as it can be known without the cluster. */
function meet(a: string | RegExp, b: string | RegExp): boolean {
  if (typeof a === 'string') return typeof b === 'string' ? a === b : b.test(a);
  return typeof b === 'string' ? a.test(b) : String(a) === String(b);
}

/** Flags that make `test()` remember where it stopped have no meaning for topics. */
function stateless(topic: string | RegExp): string | RegExp {
  return typeof topic === 'string' || !(topic.global || topic.sticky)
    ? topic
    : new RegExp(topic.source, topic.flags.replace(/[gy]/g, ''));
}

function sameList(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index]);
}

/** Nest's handler for each topic of a worker; records from retry topics have that of the topic they come from. @internal */
export function handlerByTopic(registrations: readonly Registration[]): (delivery: Delivery) => RecordHandler {
  const [first, ...rest] = registrations;
  if (!first) throw new Error('a worker without a handler');
  if (rest.length === 0) return () => first.callback;
  const matching = new Map<string, RecordHandler>();
  return (delivery) => {
    const topic = topicOf(delivery);
    let callback = matching.get(topic);
    if (!callback) {
      const found = registrations.find(
        ({ pattern }) => pattern === topic || (pattern instanceof RegExp && meet(pattern, topic)),
      );
      callback = (found ?? first).callback;
      matching.set(topic, callback);
    }
    return callback;
  };
}
