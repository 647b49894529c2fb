import { jest } from '@jest/globals';
import kafkajs, { type Kafka } from 'kafkajs';
import { eventually } from '../src/waiting.js';

/** Three brokers on a busy machine with two cores. */
jest.setTimeout(180_000);

export function client(brokers: readonly string[]): Kafka {
  return new kafkajs.Kafka({ brokers: [...brokers], logLevel: kafkajs.logLevel.NOTHING });
}

export async function deleteTopic(brokers: readonly string[], topic: string): Promise<void> {
  const admin = client(brokers).admin();
  await admin.connect();
  await admin.deleteTopics({ topics: [topic] });
  await admin.disconnect();
}

/** Whether every replica of every partition has all of its log. */
export async function allInSync(brokers: readonly string[]): Promise<boolean> {
  const admin = client(brokers).admin();
  await admin.connect();
  try {
    const { topics } = await admin.fetchTopicMetadata();
    return topics.every(({ partitions }) => partitions.every(({ isr, replicas }) => isr.length === replicas.length));
  } finally {
    await admin.disconnect();
  }
}

/** Whether a process exists; one that ended and was not yet waited for does not count. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Every value of a topic, in no order, once `count` of them have arrived. */
export async function readAll(
  brokers: readonly string[],
  topic: string,
  groupId: string,
  count: number,
): Promise<string[]> {
  const consumer = client(brokers).consumer({ groupId });
  const values: string[] = [];
  await consumer.connect();
  try {
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({ eachMessage: async ({ message }) => void values.push(String(message.value)) });
    await eventually(`${count} records of ${topic}`, () => values.length >= count);
    return values;
  } finally {
    await consumer.disconnect();
  }
}
