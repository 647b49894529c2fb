import { describe, expect, it } from '@jest/globals';
import { KafkaWorkerError, type DriverTransaction } from '@kafka-worker/engine';
import { createTopic, testBrokers, testDriver, uniqueName } from './support/broker.js';
import { Member } from './support/member.js';
import { delay, until } from './support/until.js';
import { Wires } from './support/wires.js';

describe('transactions', () => {
  it('with a record that the broker refuses are aborted, and the producer goes on', async () => {
    const driver = testDriver();
    const [input, output] = [
      await createTopic(driver, 1),
      await createTopic(driver, 2, { 'max.message.bytes': '1000' }),
    ];
    const producer = driver.createTransactionalProducer(uniqueName('transaction'));
    await producer.open();
    const step = (offset: number, value = String(offset)): DriverTransaction => ({
      records: [0, 1].map((partition) => ({
        topic: output,
        partition,
        value: partition === 0 ? String(offset) : value,
      })),
      groupId: input,
      offsets: [{ topic: input, partition: 0, offset, metadata: '' }],
    });
    await producer.transact(step(1));
    const refused = await producer.transact(step(2, 'x'.repeat(5000))).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'SEND_FAILED', canRetry: false });
    expect(String(refused)).toContain('MESSAGE_TOO_LARGE');
    await producer.transact(step(3));
    expect(await read(output, 2 * 2)).toEqual([
      ['1', '3'],
      ['1', '3'],
    ]);
    await producer.close();
  }, 30_000);

  it('over connections that are cut count once each: in doubt until open, aborted otherwise', async () => {
    const wires = new Wires();
    const driver = testDriver({
      client: {
        brokers: testBrokers(),
        socketFactory: wires.factory,
        retry: { retries: 8, initialRetryTime: 10, maxRetryTime: 100 },
      },
    });
    const plain = testDriver();
    const [input, output] = [await createTopic(plain, 1), await createTopic(plain, 2)];
    const admin = plain.createAdmin();
    const producer = driver.createTransactionalProducer(uniqueName('transaction'));
    const outcomes = new Map<string, number>();
    const count = (outcome: string): void => void outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    let next = 0;
    let open = false;
    let cutting = true;
    const cuts = (async () => {
      for (; cutting; await delay(20 + Math.random() * 80)) if (open) wires.cut();
    })();
    const until = Date.now() + 12_000;
    while (Date.now() < until) {
      try {
        if (!open) {
          await producer.open();
          open = true;
          next = (await admin.committed(input, [input]))[0]?.offset ?? 0;
        }
        await producer.transact({
          records: [0, 1].map((partition) => ({ topic: output, partition, value: String(next) })),
          groupId: input,
          offsets: [{ topic: input, partition: 0, offset: next + 1, metadata: '' }],
        });
        next++;
        count('committed');
      } catch (error) {
        const code = KafkaWorkerError.is(error) ? error.code : String(error);
        count(code);
        if (code === 'TRANSACTION_IN_DOUBT') open = false;
        else if (code !== 'TRANSACTION_ABORTED' && code !== 'CONNECTION') throw error;
      }
    }
    cutting = false;
    await cuts;
    await producer.open();
    const stored = (await admin.committed(input, [input]))[0]?.offset ?? 0;
    const numbers = Array.from({ length: stored }, (_, n) => String(n));
    expect(await read(output, 2 * stored)).toEqual([numbers, numbers]);
    // Both have been seen: what the test is about has happened.
    expect(outcomes.get('committed')).toBeGreaterThan(5);
    expect(outcomes.get('TRANSACTION_IN_DOUBT')).toBeGreaterThan(0);
    await Promise.all([producer.close(), admin.close()]);
    await delay(50);
    expect(wires.count).toBe(0);
  }, 60_000);

  it('of a producer that is closed leave nothing open, also where no broker was ever reached', async () => {
    const nowhere = testDriver({ client: { brokers: ['127.0.0.1:1'], retry: { retries: 1, initialRetryTime: 10 } } });
    const producer = nowhere.createTransactionalProducer('nobody');
    await expect(producer.open()).rejects.toMatchObject({ code: 'CONNECTION', canRetry: true });
    await producer.close();
    await expect(producer.open()).rejects.toMatchObject({ code: 'NOT_RUNNING' });
  }, 30_000);
});

/** Values of both partitions of a topic, as a reader of what is committed gets them. */
async function read(topic: string, count: number): Promise<string[][]> {
  const reader = new Member(testDriver(), 'reader', { groupId: uniqueName('reader'), topics: [topic] });
  await reader.start();
  try {
    await until('all is read', () => reader.taken.length >= count);
    // What should not be there had its chance to come.
    await delay(300);
  } finally {
    await reader.consumer.stop();
  }
  return [0, 1].map((partition) =>
    reader.taken.filter((record) => record.partition === partition).map(({ value }) => String(value)),
  );
}
