import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { kafkajsDriver } from '@kafka-worker/kafkajs';
import { hasTestBrokers, testBrokers, uniqueName } from '@app/kafka-cluster';
import { PackedApp, packAll, quickStart, seenFromOutside } from './app.js';

const ORDERS = 20;
const READY_MS = 60_000;

(hasTestBrokers() ? describe : describe.skip)('the README quick start, from the tarballs', () => {
  const into = mkdtempSync(join(tmpdir(), 'kafka-worker-tarballs-'));
  let tarballs: string[] = [];

  beforeAll(async () => {
    tarballs = await packAll(into);
    const admin = kafkajsDriver({ client: { brokers: testBrokers() } }).createAdmin();
    await admin.connect();
    await admin.createTopics([{ topic: 'orders', partitions: 3 }]);
    await admin.close();
  }, 120_000);
  afterAll(() => rmSync(into, { recursive: true, force: true }));

  it.each([
    { nest: '^12.0.0', module: 'esm' as const },
    { nest: '^11.1.0', module: 'cjs' as const },
  ])(
    'handles every order and ends cleanly on SIGTERM under Nest $nest as $module',
    async ({ nest, module }) => {
      const app = new PackedApp();
      try {
        await app.build({ module, nest, tarballs, files: quickStart() });
        expect(await app.exportsOf('@kafka-worker/testing')).toContain('InMemoryCluster');
        // Its test needs no Kafka: what it says of the order is the worker's line and the test's.
        const said = await app.runFile('dist/orders.spec.js');
        expect(said).toMatch(/order o-1 of key ann at orders\/0@0: 10\ndone 1 undefined \[\]\n$/);
        const ids = await produce(module);
        app.start({ KAFKA_BROKERS: testBrokers().join(',') });
        await until(
          () => ids.every((id) => app.output.includes(id)),
          READY_MS,
          () => app.output,
        );
        // Nest raises the signal again when its hooks are through: the last line tells that apart from dying of it
        expect(await app.terminate()).toBe('SIGTERM');
        expect(app.output).toContain('state STOPPED');
        expect(await lag()).toBe(0);
      } finally {
        app.dispose();
      }
    },
    240_000,
  );

  it.each([
    { nest: '^12.0.0', terminus: '^12.0.0', module: 'esm' as const },
    { nest: '^11.1.0', terminus: '^11.1.0', module: 'cjs' as const },
  ])(
    'is seen from every side under Nest $nest as $module, without Swagger',
    async ({ nest, terminus, module }) => {
      const app = new PackedApp();
      try {
        const dependencies = {
          ...{ '@nestjs/terminus': terminus, '@opentelemetry/api': '^1.9.0', 'prom-client': '^15.1.0' },
        };
        await app.build({ module, nest, tarballs, files: seenFromOutside(), dependencies });
        expect((await app.runFile('dist/seen.js')).trim().split('\n')).toEqual([
          'handled 7 0 at once',
          'health/live 200 application/json; charset=utf-8',
          'health/ready 200 application/json; charset=utf-8',
          'health/startup 200 application/json; charset=utf-8',
          'kafka/groups/shop 200 application/json; charset=utf-8',
          'kafka/groups/other 404 application/problem+json; charset=utf-8',
          'kafka_worker_records_total{worker="Orders#onOrder",topic="orders",group="shop",disposition="done"} 1',
        ]);
      } finally {
        app.dispose();
      }
    },
    240_000,
  );
});

async function produce(module: string): Promise<string[]> {
  const producer = kafkajsDriver({ client: { brokers: testBrokers() } }).createProducer();
  await producer.connect();
  const ids = Array.from({ length: ORDERS }, (_, i) => uniqueName(`${module}-order-${i}`));
  await producer.send(ids.map((id) => ({ topic: 'orders', key: id, value: JSON.stringify({ id, amount: 7 }) })));
  await producer.close();
  return ids;
}

/** Records of `orders` that the quick start's group has not committed. */
async function lag(): Promise<number> {
  const admin = kafkajsDriver({ client: { brokers: testBrokers() } }).createAdmin();
  await admin.connect();
  const ranges = await admin.logRanges('orders');
  const committed = await admin.committed('order-service', ['orders']);
  await admin.close();
  const at = new Map(committed.map(({ partition, offset }) => [partition, offset ?? 0]));
  return ranges.reduce((sum, { partition, low, high }) => sum + high - Math.max(low, at.get(partition) ?? 0), 0);
}

async function until(condition: () => boolean, ms: number, told: () => string): Promise<void> {
  const end = Date.now() + ms;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`not within ${ms} ms; the app said:\n${told()}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
