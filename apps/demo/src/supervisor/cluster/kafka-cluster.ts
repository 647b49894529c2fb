import { randomBytes } from 'node:crypto';
import { acquireCluster } from '@app/kafka-cluster';
import { kafkajsDriver } from '@kafka-worker/kafkajs';
import kafkajs from 'kafkajs';
import type { DemoCluster } from './demo-cluster.js';

/** A real Kafka: KAFKA_BROKERS, or one that is started for the run. @throws where there is none. */
export async function startKafka(): Promise<DemoCluster> {
  const cluster = await acquireCluster();
  const brokers = cluster.bootstrap;
  const run = `kafka-worker-demo-${randomBytes(3).toString('hex')}`;
  const prefix = `${run}.`;
  return {
    title: `Kafka ${brokers.join(',')}`,
    driver: kafkajsDriver({ client: { clientId: 'order-shop-front', brokers } }),
    connection: { kind: 'kafka', brokers },
    groupId: `${run}.order-shop`,
    prefix,
    trim: () => undefined,
    close: async () => {
      try {
        // A cluster of our own goes with all its data.
        if (cluster.directory === undefined) await remove(brokers, prefix);
      } finally {
        await cluster.stop();
      }
    },
  };
}

async function remove(brokers: readonly string[], prefix: string): Promise<void> {
  const client = new kafkajs.Kafka({ brokers: [...brokers], logLevel: kafkajs.logLevel.NOTHING });
  const admin = client.admin();
  try {
    await admin.connect();
    const topics = (await admin.listTopics()).filter((topic) => topic.startsWith(prefix));
    if (topics.length > 0) await admin.deleteTopics({ topics });
    await admin.deleteGroups([`${prefix}order-shop`]);
  } catch (error) {
    process.stderr.write(`topics ${prefix}* may be left behind: ${error instanceof Error ? error.message : error}\n`);
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
}
