import { describe, expect, it } from '@jest/globals';
import kafkajs, { type Producer, type Transaction } from 'kafkajs';
import { createTopic, testBrokers, testDriver, uniqueName } from './support/broker.js';
import { Member } from './support/member.js';
import { until } from './support/until.js';

const PRODUCERS = 4;
const ROUNDS = 60;
/** kafkajs takes it for the end of an aborted transaction wherever it stands. */
const MARKER_LIKE = Buffer.from([0, 0, 0, 0]);

describe('a reader of what is committed', () => {
  // Fetches of a record or two begin within transactions; of one that is whole, the list is the longest.
  it.each([300, 1_048_576])(
    'sees no record of transactions that overlap and are aborted, with fetches of %d bytes',
    async (maxBytesPerPartition) => {
      const driver = testDriver({ consumer: { maxBytesPerPartition } });
      const topic = await createTopic(driver, 1);
      const committed = await writeOverlapping(topic);
      const reader = new Member(driver, 'reader', { groupId: uniqueName('reader'), topics: [topic] });
      await reader.start();
      try {
        // it is the last one in the log: what should not be there has come before it
        await until('all is read', () => reader.taken.some(({ value }) => String(value) === 'end'), 60_000);
      } finally {
        await reader.consumer.stop();
      }
      expect(reader.taken.map(({ value }) => String(value))).toEqual(committed);
      expect(committed.length).toBeGreaterThan(ROUNDS / 4);
      expect(committed.length).toBeLessThan(ROUNDS);
    },
    90_000,
  );
});

/** Transactions of several producers, one record at a time in turns. @returns what was committed, in the log's order. */
async function writeOverlapping(topic: string): Promise<string[]> {
  const kafka = new kafkajs.Kafka({ brokers: [...testBrokers()], logLevel: kafkajs.logLevel.NOTHING });
  const producers = Array.from({ length: PRODUCERS }, () =>
    kafka.producer({ transactionalId: uniqueName('overlap'), maxInFlightRequests: 1, idempotent: true }),
  );
  const plain = kafka.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
  const all: { readonly value: string; readonly of: number }[] = [];
  const kept = new Set<number>();
  const open = new Map<Producer, { readonly transaction: Transaction; readonly id: number; left: number }>();
  const begun: number[] = [];
  await Promise.all([...producers, plain].map((producer) => producer.connect()));
  try {
    for (let round = 0; round < ROUNDS || open.size > 0; round++) {
      const producer = producers[(round * 7 + (round >> 2)) % PRODUCERS] as Producer;
      let mine = open.get(producer);
      if (mine === undefined) {
        if (round >= ROUNDS) continue;
        mine = { transaction: await producer.transaction(), id: begun.length, left: 1 + (round % 4) };
        begun.push(round);
        open.set(producer, mine);
      }
      const value = `${mine.id}:${mine.left}`;
      await mine.transaction.send({ topic, messages: [{ key: MARKER_LIKE, value, partition: 0 }] });
      all.push({ value, of: mine.id });
      if (--mine.left > 0) continue;
      open.delete(producer);
      const keep = mine.id % 3 === 0;
      if (keep) kept.add(mine.id);
      await (keep ? mine.transaction.commit() : mine.transaction.abort());
    }
    await plain.send({ topic, messages: [{ key: MARKER_LIKE, value: 'end', partition: 0 }] });
  } finally {
    await Promise.all([...producers, plain].map((producer) => producer.disconnect()));
  }
  return [...all.filter(({ of }) => kept.has(of)).map(({ value }) => value), 'end'];
}
