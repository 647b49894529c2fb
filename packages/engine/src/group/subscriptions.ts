import type { KafkaDriver } from '../driver/driver.js';
import { ConfigurationError, type ConfigurationMistake } from '../errors/configuration.error.js';
import { overlap } from '../options/check-engine.js';
import type { WorkerDefinition } from '../options/engine-options.js';
import { retryTopicPattern } from '../delivery/failure-policy.js';
import { finalPolicy } from '../delivery/verdict.js';
import { matches } from './topic-router.js';

/** The broker's own default number of partitions. */
const BROKER_DEFAULT = -1;

/**
 * The topics of each worker by name: patterns are resolved once, here, for every driver alike.
 * @throws ConfigurationError for topics that are missing and may not be created, patterns that match nothing, and
 * topics that two workers of a group match.
 */
export async function resolveSubscriptions(
  driver: KafkaDriver,
  workers: readonly WorkerDefinition[],
  mayCreate: boolean,
): Promise<Map<WorkerDefinition, string[]>> {
  const admin = driver.createAdmin();
  try {
    await admin.connect();
    const existing = await admin.listTopics();
    const isForward = forwardTopics(workers);
    const mistakes: ConfigurationMistake[] = [];
    const missing = new Set<string>();
    const owners = new Map<string, WorkerDefinition>();
    const resolved = new Map<WorkerDefinition, string[]>();
    for (const worker of workers) {
      const topics = new Set<string>();
      for (const pattern of worker.topics) {
        const found = existing.filter((topic) => matches(pattern, topic) && (pattern === topic || !isForward(topic)));
        for (const topic of found) topics.add(topic);
        if (found.length > 0) continue;
        if (typeof pattern !== 'string') mistakes.push(nothing(worker, pattern, existing));
        else if (mayCreate) {
          missing.add(pattern);
          topics.add(pattern);
        } else mistakes.push(absent(worker, pattern));
      }
      for (const topic of topics) {
        const key = `${worker.groupId}\n${topic}`;
        const owner = owners.get(key);
        if (owner !== undefined) mistakes.push(overlap(worker, owner, topic));
        owners.set(key, worker);
      }
      resolved.set(worker, [...topics]);
    }
    if (mistakes.length > 0) throw new ConfigurationError(mistakes);
    if (missing.size > 0) {
      await admin.createTopics([...missing].map((topic) => ({ topic, partitions: BROKER_DEFAULT })));
    }
    return resolved;
  } finally {
    await admin.close();
  }
}

/** Dead-letter and retry topics of these workers: a pattern does not mean them, or failed records would go in circles. */
function forwardTopics(workers: readonly WorkerDefinition[]): (topic: string) => boolean {
  const deadLetters = new Set<string>();
  const retries: RegExp[] = [];
  for (const { groupId, options } of workers) {
    const policy = options?.onFailure;
    if (policy === undefined) continue;
    const last = finalPolicy(policy);
    if (last.type === 'dead-letter') deadLetters.add(last.topic);
    if (policy.type === 'retry-topics') retries.push(retryTopicPattern(groupId));
  }
  return (topic) => deadLetters.has(topic) || retries.some((pattern) => pattern.test(topic));
}

function absent(worker: WorkerDefinition, topic: string): ConfigurationMistake {
  const message = `topic '${topic}' does not exist; create it, or set subscribe.allowAutoTopicCreation to have it created with the broker's defaults`;
  return { where: worker.id, option: 'topic', message };
}

function nothing(worker: WorkerDefinition, pattern: RegExp, existing: readonly string[]): ConfigurationMistake {
  const some = existing.slice(0, 5).map((topic) => `'${topic}'`);
  const list = existing.length > 5 ? `${some.join(', ')} and ${existing.length - 5} more` : some.join(', ') || 'none';
  return { where: worker.id, option: 'topic', message: `${String(pattern)} matches no topic; there are ${list}` };
}

/**
 * For `startFrom: 'none'`: every partition has an offset of its group.
 * @throws ConfigurationError naming each topic that has partitions without one
 */
export async function checkOffsets(
  driver: KafkaDriver,
  workers: readonly { readonly id: string; readonly groupId: string; readonly topics: readonly string[] }[],
): Promise<void> {
  const admin = driver.createAdmin();
  try {
    await admin.connect();
    const mistakes: ConfigurationMistake[] = [];
    for (const { id, groupId, topics } of workers) {
      const committed = await admin.committed(groupId, topics);
      for (const topic of topics) {
        const without = committed.filter((entry) => entry.topic === topic && entry.offset === undefined);
        if (without.length === 0) continue;
        const list = without.map(({ partition }) => partition).join(', ');
        const message = `group '${groupId}' has no offset for partition ${list} of '${topic}'; commit one first, or start from 'beginning' or 'latest'`;
        mistakes.push({ where: id, option: 'startFrom', message });
      }
    }
    if (mistakes.length > 0) throw new ConfigurationError(mistakes);
  } finally {
    await admin.close();
  }
}
