import type { KafkaDriver, KafkaRecord } from '@kafka-worker/engine';
import { uniqueName } from '@app/kafka-cluster';

/** Every record that a topic has now, by partition and offset. Its ends must not be markers of transactions. */
export async function readTopic(driver: KafkaDriver, topic: string): Promise<KafkaRecord[]> {
  const admin = driver.createAdmin();
  const ranges = await admin.logRanges(topic);
  await admin.close();
  const wanted = ranges.reduce((sum, { low, high }) => sum + high - low, 0);
  const records: KafkaRecord[] = [];
  const consumer = driver.createConsumer({ groupId: uniqueName('read'), topics: [topic] });
  await new Promise<void>((resolve, reject) => {
    if (wanted === 0) return resolve();
    consumer
      .start({
        assigned: async ({ partitions }) => partitions.map((partition) => ({ ...partition, offset: 0 })),
        revoking: async () => undefined,
        lost: (_, cause) => reject(cause),
        records: (batch) => {
          records.push(...batch.records);
          if (records.length >= wanted) resolve();
          return batch.records.length;
        },
        stateChanged: (state, cause) => void (state === 'crashed' && reject(cause)),
      })
      .catch(reject);
  });
  await consumer.stop();
  return records.sort((a, b) => a.partition - b.partition || a.offset - b.offset);
}
