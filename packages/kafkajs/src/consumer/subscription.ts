import { KafkaWorkerError, type DriverAdmin } from '@kafka-worker/engine';

/**
 * The names a subscription stands for. Patterns match topics that exist now, internal ones never.
 * Throws TOPIC_MISSING for names that do not exist and may not be created, and where nothing is left to read.
 */
export async function resolveTopics(
  topics: readonly (string | RegExp)[],
  admin: Pick<DriverAdmin, 'listTopics' | 'partitions'>,
  mayCreate: boolean,
): Promise<string[]> {
  const names = new Set(topics.filter((topic) => typeof topic === 'string'));
  const patterns = topics.filter((topic) => topic instanceof RegExp);
  const existing = patterns.length > 0 || !mayCreate ? await admin.listTopics() : [];
  if (!mayCreate) {
    const missing = [...names].filter((name) => !existing.includes(name));
    // Right after a topic was made not every broker has heard of it: asked for by name it is looked up harder.
    const found = missing.length === 0 ? new Map() : await admin.partitions(missing);
    const gone = missing.filter((name) => !found.has(name));
    if (gone.length > 0) throw new KafkaWorkerError('TOPIC_MISSING', `no such topic: ${gone.join(', ')}`);
  }
  for (const pattern of patterns) {
    // A copy without state: a global or sticky pattern remembers where it last matched.
    const plain = new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, ''));
    for (const name of existing) if (plain.test(name)) names.add(name);
  }
  if (names.size === 0) {
    throw new KafkaWorkerError('TOPIC_MISSING', `no topic matches ${topics.map(String).join(', ') || 'an empty list'}`);
  }
  return [...names];
}
