import { describe, expect, it } from '@jest/globals';
import { createTopic, testDriver } from './support/broker.js';

describe('producer', () => {
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
});
