import { testBrokers, uniqueName } from '@app/kafka-cluster';
import { KafkajsDriver, type KafkajsDriverOptions } from '../../src/index.js';

export { testBrokers, uniqueName };

export function testDriver(options: Partial<KafkajsDriverOptions> = {}): KafkajsDriver {
  return new KafkajsDriver({
    ...options,
    client: { clientId: 'kafkajs-spec', brokers: testBrokers(), ...options.client },
  });
}

/** A new topic. */
export async function createTopic(
  driver: KafkajsDriver,
  partitions: number,
  configs: Record<string, string> = {},
): Promise<string> {
  const topic = uniqueName('kafkajs');
  const admin = driver.createAdmin();
  try {
    await admin.createTopics([{ topic, partitions, configs }]);
  } finally {
    await admin.close();
  }
  return topic;
}

/** Writes `count` records to each partition, valued `<partition>:<n>` from `from` on. */
export async function fill(
  driver: KafkajsDriver,
  topic: string,
  partitions: readonly number[],
  count: number,
  from = 0,
): Promise<void> {
  const producer = driver.createProducer();
  try {
    await producer.connect();
    await producer.send(
      partitions.flatMap((partition) =>
        Array.from({ length: count }, (_, n) => ({ topic, partition, key: null, value: `${partition}:${from + n}` })),
      ),
    );
  } finally {
    await producer.close();
  }
}
