import type { KafkaDriver } from '../driver/driver.js';
import { ConfigurationError, type ConfigurationMistake } from '../errors/configuration.error.js';
import { overlap } from '../options/check-engine.js';
import type { WorkerDefinition } from '../options/engine-options.js';
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
    const mistakes: ConfigurationMistake[] = [];
    const missing = new Set<string>();
    const owners = new Map<string, WorkerDefinition>();
    const resolved = new Map<WorkerDefinition, string[]>();
    for (const worker of workers) {
      const topics = new Set<string>();
      for (const pattern of worker.topics) {
        const found = existing.filter((topic) => matches(pattern, topic));
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

function absent(worker: WorkerDefinition, topic: string): ConfigurationMistake {
  const message = `topic '${topic}' does not exist; create it, or set subscribe.allowAutoTopicCreation to have it created with the broker's defaults`;
  return { where: worker.id, option: 'topic', message };
}

function nothing(worker: WorkerDefinition, pattern: RegExp, existing: readonly string[]): ConfigurationMistake {
  const some = existing.slice(0, 5).map((topic) => `'${topic}'`);
  const list = existing.length > 5 ? `${some.join(', ')} and ${existing.length - 5} more` : some.join(', ') || 'none';
  return { where: worker.id, option: 'topic', message: `${String(pattern)} matches no topic; there are ${list}` };
}
