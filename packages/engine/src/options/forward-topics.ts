import { retryTopicName, type TopicShape } from '../delivery/failure-policy.js';
import { finalPolicy } from '../delivery/verdict.js';
import type { KafkaDriver, TopicSpec } from '../driver/driver.js';
import { ConfigurationError, type ConfigurationMistake } from '../errors/configuration.error.js';
import type { CompiledWorkerOptions } from './worker-options.js';

/** The broker's own default number of partitions. */
const BROKER_DEFAULT = -1;

/** A topic in which records of another one wait. */
export interface RetryTopic {
  readonly source: string;
  /** Milliseconds. */
  readonly delayMs: number;
}

/** A worker with its topics by name. */
export interface ResolvedWorker {
  readonly id: string;
  readonly groupId: string;
  readonly topics: readonly string[];
  readonly options: CompiledWorkerOptions;
}

/** The retry topics of a worker, by name. */
export function retryTopicsOf({ groupId, topics, options }: ResolvedWorker): Map<string, RetryTopic> {
  const found = new Map<string, RetryTopic>();
  const { onFailure } = options;
  // those that keep the order wait where they are
  if (onFailure.type !== 'retry-topics' || onFailure.orderedBy === 'key') return found;
  for (const source of topics) {
    for (const delayMs of onFailure.delaysMs) {
      found.set(retryTopicName(source, groupId, delayMs), { source, delayMs });
    }
  }
  return found;
}

/** A topic that copies go to. */
interface Needed {
  readonly topic: string;
  readonly source: string | undefined;
  readonly create: boolean | TopicShape;
  readonly where: string;
}

/**
 * Looks whether every dead-letter and retry topic is there, and makes those that may be made.
 * @returns how many partitions each has.
 * @throws ConfigurationError naming all that are missing, and workers that would read what they have given up
 */
export async function prepareForwardTopics(
  driver: KafkaDriver,
  workers: readonly ResolvedWorker[],
): Promise<Map<string, number>> {
  const needed = workers.flatMap(neededBy);
  if (needed.length === 0) return new Map();
  const admin = driver.createAdmin();
  try {
    await admin.connect();
    const names = [...new Set(needed.map(({ topic }) => topic))];
    const sources = [...new Set(workers.flatMap(({ topics }) => topics))];
    const counts = await admin.partitions([...names, ...sources]);
    const missing = needed.filter(({ topic }) => !counts.has(topic));
    const absents = missing.filter(({ create }) => create === false).map(absent);
    const mistakes = [...workers.flatMap(circles), ...absents];
    if (mistakes.length > 0) throw new ConfigurationError(mistakes);
    // several workers may share one: a broker refuses a request that names a topic twice
    const specs = new Map(missing.map((one) => [one.topic, specOf(one, counts)]));
    if (specs.size > 0) {
      await admin.createTopics([...specs.values()]);
      // a broker that has not heard of them yet does not name them
      for (const { topic, partitions } of specs.values()) if (partitions > 0) counts.set(topic, partitions);
      for (const [topic, count] of await admin.partitions(names)) counts.set(topic, count);
    }
    return counts;
  } finally {
    await admin.close();
  }
}

function neededBy(worker: ResolvedWorker): Needed[] {
  const { id: where, options, topics } = worker;
  const { onFailure } = options;
  const needed: Needed[] = [];
  if (onFailure.type === 'retry-topics') {
    const { create } = onFailure;
    for (const [topic, { source }] of retryTopicsOf(worker)) needed.push({ topic, source, create, where });
  }
  const last = finalPolicy(onFailure);
  if (last.type === 'dead-letter') {
    needed.push({ topic: last.topic, source: topics[0], create: last.create, where });
  }
  return needed;
}

/** A record that fails would come again as a new one, for ever. */
function circles({ id: where, topics, options }: ResolvedWorker): ConfigurationMistake[] {
  const last = finalPolicy(options.onFailure);
  if (last.type !== 'dead-letter' || !topics.includes(last.topic)) return [];
  const message = `dead letters go to '${last.topic}', which the worker reads itself; name another topic`;
  return [{ where, option: 'onFailure', message }];
}

function specOf({ topic, source, create }: Needed, counts: ReadonlyMap<string, number>): TopicSpec {
  const { partitions, replicationFactor, configs }: TopicShape = typeof create === 'object' ? create : {};
  return {
    topic,
    partitions: partitions ?? (source === undefined ? BROKER_DEFAULT : (counts.get(source) ?? BROKER_DEFAULT)),
    ...(replicationFactor === undefined ? {} : { replicationFactor }),
    ...(configs === undefined ? {} : { configs }),
  };
}

function absent({ topic, where }: Needed): ConfigurationMistake {
  const message = `topic '${topic}' does not exist; create it, or say create: true to have it made with as many partitions as its source`;
  return { where, option: 'onFailure', message };
}
