import kafkajs from 'kafkajs';
import { eventually } from './waiting.js';

/** A record that a reader of what is committed has got. */
export interface CommittedRecord {
  readonly key: string;
  readonly value: string;
  /** The process that sent it. */
  readonly by: string;
}

/** Stands behind everything else, in no transaction. */
const END = 'end';

/** How long a reader may take. Milliseconds. */
const READ_MS = 60_000;

/**
 * What a bare kafkajs reads of a topic that is written in transactions and written no more: by partition, in the order
 * of the log. It reads up to a record of its own behind the rest, so it waits for ever, which is 60 s, where a
 * transaction was left open.
 */
export async function readCommitted(
  brokers: readonly string[],
  topic: string,
  partitions: number,
): Promise<CommittedRecord[][]> {
  const kafka = new kafkajs.Kafka({
    clientId: 'reader',
    brokers: [...brokers],
    logLevel: kafkajs.logLevel.NOTHING,
    retry: { initialRetryTime: 50, maxRetryTime: 1000, retries: 10 },
  });
  const producer = kafka.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
  await producer.connect();
  const messages = Array.from({ length: partitions }, (_, partition) => ({ partition, key: END, value: END }));
  await producer.send({ topic, messages });
  await producer.disconnect();

  const read = Array.from({ length: partitions }, (): CommittedRecord[] => []);
  const ended = new Set<number>();
  const last = new Map<number, number>();
  const consumer = kafka.consumer({ groupId: `reader-of-${topic}`, readUncommitted: false });
  await consumer.connect();
  try {
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachMessage: async ({ partition, message }) => {
        const offset = Number(message.offset);
        // A join of the reader itself would start it over: only the log's own doubles may count.
        if (offset <= (last.get(partition) ?? -1)) return;
        last.set(partition, offset);
        const record = { key: String(message.key), value: String(message.value), by: String(message.headers?.['by']) };
        if (record.value === END) ended.add(partition);
        else read[partition]?.push(record);
      },
    });
    await eventually(`the end of ${topic}`, () => ended.size === partitions, READ_MS);
    return read;
  } finally {
    await consumer.disconnect();
  }
}
