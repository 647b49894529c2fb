import { describe, expect, it } from '@jest/globals';
import { createTopic, testDriver, uniqueName } from './support/broker.js';
import { Member } from './support/member.js';
import { until } from './support/until.js';

describe('producer', () => {
  it('answers every record with its place, in the order given', async () => {
    const driver = testDriver();
    const topic = await createTopic(driver, 3);
    const producer = driver.createProducer();
    await producer.connect();
    const sent = await Promise.all(
      Array.from({ length: 200 }, (_, n) =>
        producer.send([
          {
            topic,
            key: `key ${n % 20}`,
            value: `value ${n}`,
            headers: { n: String(n), none: undefined, two: ['a', 'b'] },
          },
          { topic, partition: n % 3, value: null, timestamp: 1_700_000_000_000 + n },
        ]),
      ),
    );
    await producer.close();
    const places = sent.flat().map(({ partition, offset }) => `${partition}/${offset}`);
    expect(new Set(places).size).toBe(400);

    const reader = new Member(driver, 'reader', { groupId: uniqueName('group'), topics: [topic] });
    await reader.start();
    await until('all', () => reader.taken.length === 400);
    await reader.consumer.stop();
    const read = new Map(reader.taken.map((record) => [`${record.partition}/${record.offset}`, record]));
    sent.forEach(([keyed, plain], n) => {
      expect(read.get(`${keyed?.partition}/${keyed?.offset}`)).toMatchObject({
        value: Buffer.from(`value ${n}`),
        headers: { n: Buffer.from(String(n)), two: [Buffer.from('a'), Buffer.from('b')] },
      });
      expect(plain?.partition).toBe(n % 3);
      expect(read.get(`${plain?.partition}/${plain?.offset}`)).toMatchObject({
        key: null,
        value: null,
        timestamp: 1_700_000_000_000 + n,
      });
    });
    // Equal keys keep the order of the calls.
    const order = reader.taken.filter(({ key }) => String(key) === 'key 7').map(({ value }) => String(value));
    expect(order).toEqual(Array.from({ length: 10 }, (_, n) => `value ${n * 20 + 7}`));
  }, 30_000);

  it('goes on after a record that the broker refuses, which it names', async () => {
    const driver = testDriver();
    const topic = await createTopic(driver, 1, { 'max.message.bytes': '1000' });
    const producer = driver.createProducer();
    await producer.connect();
    await producer.send([{ topic, value: 'first' }]);
    const failure = await producer.send([{ topic, value: 'x'.repeat(5000) }]).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'SEND_FAILED', canRetry: false });
    expect(String(failure)).toContain(`${topic}/0`);
    expect(await producer.send([{ topic, value: 'second' }])).toEqual([{ topic, partition: 0, offset: 1 }]);
    await producer.close();
    await producer.close();
    await expect(producer.send([{ topic, value: 'late' }])).rejects.toMatchObject({ code: 'NOT_RUNNING' });
  }, 30_000);

  it('sends nothing of a call that names a topic that does not exist', async () => {
    const driver = testDriver();
    const topic = await createTopic(driver, 1);
    const producer = driver.createProducer();
    await producer.connect();
    const failure = producer.send([
      { topic, value: 'one' },
      { topic: uniqueName('missing'), value: 'two' },
    ]);
    await expect(failure).rejects.toMatchObject({ code: 'SEND_FAILED', cause: { code: 'TOPIC_MISSING' } });
    expect(await producer.send([{ topic, value: 'three' }])).toEqual([{ topic, partition: 0, offset: 0 }]);
    await producer.close();
  }, 30_000);
});
