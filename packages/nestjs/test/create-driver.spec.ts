import { Logger } from '@nestjs/common';
import { describe, expect, it } from '@jest/globals';
import { InMemoryCluster } from '@kafka-worker/testing';
import type { KafkaWorkerConsumerOptions } from '../src/interfaces/module-options.interface.js';
import { createDriver } from '../src/runtime/create-driver.js';

const logger = new Logger('test');

describe('the driver of a connection', () => {
  it('is kafkajs where none is given, and connects nothing', async () => {
    const driver = await createDriver(
      {
        client: { brokers: ['localhost:1'] },
        consumer: { groupId: 'g', sessionTimeout: 10_000, heartbeatInterval: 1000 },
        producer: { compression: 'gzip' },
      },
      logger,
    );
    expect(driver.name).toBe('kafkajs');
  });

  it('shares partitions out as the consumer says', async () => {
    const client = { brokers: ['localhost:1'] };
    const incremental = async (consumer: KafkaWorkerConsumerOptions): Promise<boolean> =>
      (await createDriver({ client, consumer }, logger)).capabilities.incrementalRebalance;
    expect(await incremental({})).toBe(true);
    expect(await incremental({ assignment: 'range' })).toBe(false);
    expect(await incremental({ assignment: ['range', 'cooperative'] })).toBe(true);
  });

  it('is the one given, or made by the function given', async () => {
    const driver = new InMemoryCluster().driver();
    expect(await createDriver({ driver }, logger)).toBe(driver);
    expect(await createDriver({ driver: () => Promise.resolve(driver) }, logger)).toBe(driver);
  });
});
