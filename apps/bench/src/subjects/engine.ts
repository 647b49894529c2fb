import { WorkerEngine, type Delivery } from '@kafka-worker/engine';
import { kafkajsDriver } from '@kafka-worker/kafkajs';
import { CommitWatch } from './commit-watch.js';
import type { Subject } from './subject.js';

/** The engine on kafkajs without Nest: raw bytes, no pipeline. Everything not named here is a default. */
export const engine: Subject = async (job, workFor) => {
  const { brokers, groupId, topic, order: concurrency, limit } = job;
  const work = workFor(({ record }: Delivery) => ({
    partition: record.partition,
    offset: record.offset,
    key: record.key?.toString() ?? '',
  }));
  const watch = new CommitWatch(job);
  const workers = new WorkerEngine({
    driver: watch.watch(kafkajsDriver({ client: { clientId: 'bench', brokers: [...brokers] } })),
  });
  workers.add({ id: 'bench', groupId, topics: [topic], options: { concurrency, limit }, handle: work.handle });
  await workers.start();
  return { stop: () => workers.drain(), committedAt: () => watch.committedAt };
};
