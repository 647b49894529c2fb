import kafkajs, { type Broker, type Cluster, type Kafka } from 'kafkajs';
import { withoutAborted, type AbortedTransaction, type FetchedRecord } from './aborted-filter.js';
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
 * What stands committed in a topic that is written in transactions and written no more: by partition, in the order of
 * the log. It reads up to a record of its own behind the rest.
 * @throws Error after 60 s: a transaction was left open
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
  await writeEnds(kafka, topic, partitions);

  const read = Array.from({ length: partitions }, (): CommittedRecord[] => []);
  const ended = new Set<number>();
  const last = new Map<number, number>();
  const take = ({ responses }: FetchResponse): void => {
    for (const { partition, messages, abortedTransactions } of responses.flatMap((response) => response.partitions)) {
      for (const { offset, key, value, headers } of withoutAborted(messages, abortedTransactions ?? [])) {
        // What is fetched a second time is no double of the log's.
        if (Number(offset) <= (last.get(partition) ?? -1)) continue;
        last.set(partition, Number(offset));
        const record = { key: String(key), value: String(value), by: String(headers?.['by']) };
        if (record.value === END) ended.add(partition);
        else read[partition]?.push(record);
      }
    }
  };
  const consumer = kafka.consumer({
    groupId: `reader-of-${topic}`,
    readUncommitted: false,
    partitionAssigners: [
      (config) => {
        onFetch(config.cluster, take);
        return kafkajs.PartitionAssigners.roundRobin(config);
      },
    ],
  });
  await consumer.connect();
  try {
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({ autoCommit: false, eachMessage: async () => undefined });
    await eventually(`the end of ${topic}`, () => ended.size === partitions, READ_MS);
    return read;
  } finally {
    await consumer.disconnect();
  }
}

async function writeEnds(kafka: Kafka, topic: string, partitions: number): Promise<void> {
  const producer = kafka.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
  await producer.connect();
  const messages = Array.from({ length: partitions }, (_, partition) => ({ partition, key: END, value: END }));
  await producer.send({ topic, messages });
  await producer.disconnect();
}

/** What a broker gives out, before kafkajs has filtered it. */
interface FetchResponse {
  readonly responses: readonly {
    readonly partitions: readonly {
      readonly partition: number;
      readonly messages: readonly FetchedRecord[];
      readonly abortedTransactions?: readonly AbortedTransaction[];
    }[];
  }[];
}

/** Hears of every fetch over the connections of a consumer, which kafkajs shows to assigners. */
function onFetch(cluster: Cluster, hear: (response: FetchResponse) => void): void {
  const heard = new WeakSet<Broker>();
  const findBroker = cluster.findBroker.bind(cluster);
  cluster.findBroker = async (node) => {
    const broker = await findBroker(node);
    if (heard.has(broker)) return broker;
    heard.add(broker);
    const fetch = broker.fetch.bind(broker);
    broker.fetch = async (request) => {
      const response = (await fetch(request)) as FetchResponse;
      hear(response);
      return response;
    };
    return broker;
  };
}
