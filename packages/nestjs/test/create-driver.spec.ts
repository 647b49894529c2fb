import { Logger } from '@nestjs/common';
import { describe, expect, it } from '@jest/globals';
import { InMemoryCluster } from '@kafka-worker/testing';
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

  it('is the one given, or made by the function given', async () => {
    const driver = new InMemoryCluster().driver();
    expect(await createDriver({ driver }, logger)).toBe(driver);
    expect(await createDriver({ driver: () => Promise.resolve(driver) }, logger)).toBe(driver);
  });
});
