import type { DriverConsumer } from '../driver/driver.js';
import { partitionKey, type TopicPartition } from '../driver/record.js';
import type { StartPolicy } from '../options/engine-options.js';
import type { Prepared, Resources } from './resources.js';
import { startPositions, type StartDecision, type StartRules } from './start-positions.js';
import type { TopicRouter } from './topic-router.js';

/** A partition that is about to begin: where, and what it is committed with. */
export interface Takeover {
  readonly start: StartDecision;
  readonly prepared: Prepared;
}

/** What partitions are taken over with. */
export interface TakeoverSite {
  readonly consumer: Pick<DriverConsumer, 'committed' | 'logRanges'>;
  readonly router: TopicRouter;
  readonly resources: Resources;
  readonly startFrom: StartPolicy;
  readonly maxRewind: number;
}

const NOTHING: Prepared = { ok: true, resources: {} };

/**
 * Takes partitions over, and finds out where each begins: first whoever had one before is fenced, and only then is it
 * asked how far it had come.
 * @throws what the client throws; what was taken over by then is given back
 */
export async function takeOver(site: TakeoverSite, partitions: readonly TopicPartition[]): Promise<Takeover[]> {
  const { consumer, router, resources } = site;
  const byKey = new Map<string, Prepared>();
  await Promise.all(
    partitions.map(async ({ topic, partition }) => {
      const worker = router.workerOf(topic);
      if (worker === undefined || !resources.needs(worker)) return;
      byKey.set(partitionKey(topic, partition), await resources.prepare(worker, { topic, partition }));
    }),
  );
  const prepared = ({ topic, partition }: TopicPartition): Prepared =>
    byKey.get(partitionKey(topic, partition)) ?? NOTHING;
  try {
    const starts = await startPositions(consumer, partitions, (p) => rules(site, p, prepared(p)));
    return await Promise.all(
      starts.map(async (start) => ({ start, prepared: await resources.anchor(prepared(start), start) })),
    );
  } catch (thrown) {
    for (const one of byKey.values()) giveBack(site.resources, one);
    throw thrown;
  }
}

/** Closes what a partition was to be committed with. */
export function giveBack(resources: Resources, prepared: Prepared): void {
  if (prepared.ok) resources.release(prepared.resources);
}

function rules(
  { router, startFrom, maxRewind }: TakeoverSite,
  { topic }: TopicPartition,
  prepared: Prepared,
): StartRules {
  const stored = prepared.ok ? prepared.resources.claim?.position : undefined;
  // what waits in a retry topic has been settled elsewhere: it is never passed over
  const isRetryTopic = router.workerOf(topic)?.retryTopics.has(topic) === true;
  return { startFrom: isRetryTopic ? 'beginning' : startFrom, maxRewind, stored };
}
