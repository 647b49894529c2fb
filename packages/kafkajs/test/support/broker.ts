import { startCluster, type KafkaCluster } from '@app/kafka-cluster';
import { KafkajsDriver, type KafkajsDriverOptions } from '../../src/index.js';

let cluster: KafkaCluster | undefined;
let count = 0;

/** The brokers in KAFKA_BROKERS, or one that is started for this file. */
export async function brokers(): Promise<string[]> {
  const given = process.env['KAFKA_BROKERS'];
  if (given) return given.split(',');
  cluster ??= await startCluster();
  return cluster.bootstrap;
}

export async function stopBrokers(): Promise<void> {
  await cluster?.stop();
  cluster = undefined;
}

/** A name that no other test and no other run has. */
export function uniqueName(prefix: string): string {
  return `${prefix}-${process.pid}-${Date.now().toString(36)}-${++count}`;
}

export async function testDriver(options: Partial<KafkajsDriverOptions> = {}): Promise<KafkajsDriver> {
  return new KafkajsDriver({
    ...options,
    client: { clientId: 'kafkajs-spec', brokers: await brokers(), ...options.client },
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
