import kafkajs, { type Consumer, type KafkaMessage } from 'kafkajs';
import type { Place } from '../meter/checker.js';
import type { Job } from '../run/job.js';

/** What the raw subjects and Nest's own transport set beside kafkajs' defaults. */
export const RAW_RUN = { partitionsConsumedConcurrently: 4 } as const;

/** A message with its partition, which kafkajs does not keep in it. */
export interface RawRecord {
  readonly partition: number;
  readonly message: Pick<KafkaMessage, 'offset' | 'key'>;
}

export function locateRaw({ partition, message }: RawRecord): Place {
  return { partition, offset: Number(message.offset), key: message.key?.toString() ?? '' };
}

/** A consumer with kafkajs' defaults, connected and subscribed. */
export async function subscribed({ brokers, groupId, topic }: Job): Promise<Consumer> {
  const kafka = new kafkajs.Kafka({ clientId: 'bench', brokers: [...brokers], logLevel: kafkajs.logLevel.WARN });
  const consumer = kafka.consumer({ groupId });
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  return consumer;
}
