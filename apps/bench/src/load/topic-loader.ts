import kafkajs, { type Admin, type Kafka } from 'kafkajs';
import { topicOf, type LoadSpec } from './load-spec.js';
import { recordsOf, type LoadRecord } from './records.js';
import { hottest, type Shape } from './shape.js';

/** Records of one request: some 250 of each partition, as a busy producer's batches are. */
const CHUNK = 1000;

/**
 * Fills the topic of a load, unless an earlier call has left it there whole.
 * @throws Error where the topic does not hold exactly the load's records afterwards.
 */
export async function loadTopic(kafka: Kafka, admin: Admin, spec: LoadSpec): Promise<Shape> {
  const topic = topicOf(spec);
  const created = await admin.createTopics({
    topics: [{ topic, numPartitions: spec.partitions, replicationFactor: 1 }],
    waitForLeaders: true,
  });
  if (created) await produce(kafka, topic, spec);
  const perPartition = await countRecords(admin, topic);
  const found = perPartition.reduce((sum, records) => sum + records, 0);
  if (found !== spec.records || perPartition.length !== spec.partitions) {
    throw new Error(`${topic} holds ${found} records in ${perPartition.length} partitions; delete it and try again`);
  }
  return { perPartition, hottestKey: hottest(keysOf(spec)) };
}

async function produce(kafka: Kafka, topic: string, spec: LoadSpec): Promise<void> {
  // the partition is the Java client's: murmur2 of the key
  const producer = kafka.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
  await producer.connect();
  try {
    for (const messages of chunks(recordsOf(spec), CHUNK)) await producer.send({ topic, messages });
  } finally {
    await producer.disconnect();
  }
}

async function countRecords(admin: Admin, topic: string): Promise<number[]> {
  const offsets = await admin.fetchTopicOffsets(topic);
  return offsets.sort((a, b) => a.partition - b.partition).map(({ low, high }) => Number(high) - Number(low));
}

function* keysOf(spec: LoadSpec): Generator<string> {
  for (const { key } of recordsOf(spec)) yield key;
}

function* chunks(records: Iterable<LoadRecord>, size: number): Generator<LoadRecord[]> {
  let chunk: LoadRecord[] = [];
  for (const record of records) {
    chunk.push(record);
    if (chunk.length < size) continue;
    yield chunk;
    chunk = [];
  }
  if (chunk.length > 0) yield chunk;
}
