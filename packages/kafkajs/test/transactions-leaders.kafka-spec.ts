import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { canStartCluster, startCluster, type KafkaCluster } from '@app/kafka-cluster';
import { KafkaWorkerError } from '@kafka-worker/engine';
import { KafkajsDriver } from '../src/index.js';
import { Member } from './support/member.js';
import { delay, until } from './support/until.js';

const MOVING_MS = 30_000;
const PARTITIONS = [0, 1, 2, 3, 4, 5];
/** What moves, in turn: leaders of the records, and those who coordinate transactions and the group. */
const MOVED = ['out', 'out', '__transaction_state', 'out', '__consumer_offsets'];

((await canStartCluster()) ? describe : describe.skip)('transactions while leaders and coordinators move', () => {
  let cluster: KafkaCluster;
  beforeAll(async () => {
    cluster = await startCluster({ brokers: 3, heapMb: 384 });
  }, 120_000);
  afterAll(() => cluster.stop(), 60_000);

  it('count once each, whole and in order', async () => {
    const driver = new KafkajsDriver({ client: { clientId: 'leaders', brokers: [...cluster.bootstrap] } });
    await cluster.createTopic('in', { partitions: 1 });
    await cluster.createTopic('out', { partitions: PARTITIONS.length });
    const admin = driver.createAdmin();
    const producer = driver.createTransactionalProducer('leaders');
    const outcomes: Record<string, number> = {};
    let next = 0;
    let isOpen = false;
    let moves = 0;
    let going = true;
    const moving = (async () => {
      for (; going; await delay(500)) await cluster.moveLeaders(MOVED[moves++ % MOVED.length] ?? 'out');
    })();
    try {
      for (const end = Date.now() + MOVING_MS; Date.now() < end;) {
        let outcome = 'committed';
        try {
          if (!isOpen) {
            await producer.open();
            next = (await admin.committed('leaders', ['in']))[0]?.offset ?? 0;
            isOpen = true;
          }
          await producer.transact({
            records: PARTITIONS.map((partition) => ({ topic: 'out', partition, value: String(next) })),
            groupId: 'leaders',
            offsets: [{ topic: 'in', partition: 0, offset: next + 1, metadata: '' }],
          });
          next++;
        } catch (error) {
          if (!KafkaWorkerError.is(error)) throw error;
          outcome = error.code;
          if (outcome === 'TRANSACTION_IN_DOUBT') isOpen = false;
          else if (outcome !== 'TRANSACTION_ABORTED' && outcome !== 'CONNECTION') throw error;
        }
        outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
      }
    } finally {
      going = false;
      await moving;
    }
    await producer.open();
    const stored = (await admin.committed('leaders', ['in']))[0]?.offset ?? 0;
    process.stdout.write(`${moves} moves, ${stored} transactions: ${JSON.stringify(outcomes)}\n`);
    const reader = new Member(driver, 'reader', { groupId: 'reader', topics: ['out'] });
    await reader.start();
    try {
      await until('all is read', () => reader.taken.length >= PARTITIONS.length * stored, 30_000);
      await delay(300);
    } finally {
      await Promise.all([reader.consumer.stop(), producer.close(), admin.close()]);
    }
    const numbers = Array.from({ length: stored }, (_, n) => String(n));
    for (const partition of PARTITIONS) {
      const read = reader.taken.filter((record) => record.partition === partition);
      expect(read.map(({ value }) => String(value))).toEqual(numbers);
    }
    expect(moves).toBeGreaterThan(5);
    expect(stored).toBeGreaterThan(20);
  }, 150_000);
});
