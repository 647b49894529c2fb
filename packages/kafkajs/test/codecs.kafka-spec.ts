import { describe, expect, it } from '@jest/globals';
import kafkajs from 'kafkajs';
import { lazyCodec } from '../src/codecs/codec.js';
import type { CompressionName } from '../src/index.js';
import { testBrokers, createTopic, testDriver, uniqueName } from './support/broker.js';
import { javaProduce } from './support/java.js';
import { Member } from './support/member.js';
import { until } from './support/until.js';

const VALUES = Array.from({ length: 300 }, (_, n) => `value ${n} ${'abc'.repeat(n % 50)}`);

describe('codecs', () => {
  it.each<CompressionName>(['none', 'gzip', 'snappy', 'lz4', 'zstd'])(
    '%s: written and read',
    async (compression) => {
      const driver = testDriver({ producer: { compression } });
      const topic = await createTopic(driver, 1);
      const producer = driver.createProducer();
      await producer.connect();
      await producer.send(VALUES.map((value) => ({ topic, value })));
      await producer.close();
      expect(await read(topic)).toEqual(VALUES);
    },
    30_000,
  );

  it.each<CompressionName>(['gzip', 'snappy', 'lz4', 'zstd'])(
    '%s: written by the Java client',
    async (compression) => {
      const driver = testDriver();
      const topic = await createTopic(driver, 1);
      if (!(await javaProduce(testBrokers(), topic, compression, VALUES))) {
        console.warn('no Kafka jars on this machine: reading the Java client is not tested');
        return;
      }
      expect(await read(topic)).toEqual(VALUES);
    },
    60_000,
  );

  it('that are not installed are named', async () => {
    const { Snappy } = kafkajs.CompressionTypes;
    const writer = testDriver({ producer: { compression: 'snappy' } });
    const topic = await createTopic(writer, 1);
    const producer = writer.createProducer();
    await producer.connect();
    await producer.send([{ topic, value: 'x'.repeat(500) }]);
    await producer.close();

    const table = kafkajs.CompressionCodecs as Record<number, () => unknown>;
    const installed = table[Snappy] as () => unknown;
    table[Snappy] = lazyCodec('Snappy', () => Promise.reject(new Error("Cannot find package 'snappyjs'")));
    const member = new Member(writer, 'a', { groupId: uniqueName('group'), topics: [topic] });
    try {
      await member.start();
      await until('the crash', () => member.states.some(({ state }) => state === 'crashed'));
    } finally {
      table[Snappy] = installed;
      await member.consumer.stop();
    }
    const crash = member.states.find(({ state }) => state === 'crashed')?.cause;
    expect(crash).toMatchObject({ code: 'CODEC_MISSING', willRestart: false, canRetry: false });
    expect(crash?.message).toContain(topic);
    expect(crash?.message).toContain('npm install snappyjs');
    expect(member.losses).toHaveLength(1);
    expect(member.log.filter((entry) => entry === 'records')).toEqual([]);
  }, 30_000);

  async function read(topic: string): Promise<string[]> {
    const member = new Member(testDriver(), 'reader', { groupId: uniqueName('group'), topics: [topic] });
    await member.start();
    try {
      await until('all values', () => member.taken.length >= VALUES.length);
    } finally {
      await member.consumer.stop();
    }
    return member.taken.map(({ value }) => String(value));
  }
});
