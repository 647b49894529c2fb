import { Controller, Get, Header, UseInterceptors, type INestApplication } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { afterEach, describe, expect, it } from '@jest/globals';
import { deferred, type InMemoryCluster } from '@kafka-worker/testing';
import { deadLetter, fixed, freeze, KafkaWorker, SkipRecordError } from '@kafka-worker/nestjs';
import { KAFKA_METRICS_OPTIONS, KafkaMetricsInterceptor } from '@kafka-worker/nestjs/prometheus';
import { Registry } from 'prom-client';
import { boot, clusterWith, WAYS } from '../support/app.js';
import { next, runtimeOf } from '../support/events.js';
import { Scrape } from './scrape.js';

/** The contract: docs/observability.md. */
const EVERY_METRIC = [
  ...['records_total', 'handler_duration_seconds', 'queue_wait_seconds', 'in_flight', 'buffered_records'],
  ...['buffered_bytes', 'lanes', 'lag_records', 'oldest_unsettled_seconds', 'commits_total', 'commit_duration_seconds'],
  ...['rebalances_total', 'rebalance_duration_seconds', 'drain_duration_seconds', 'retries_total', 'frozen', 'paused'],
  ...['offset_map_bytes', 'redelivered_done_total'],
];

const apps: INestApplication[] = [];
afterEach(async () => {
  for (const app of apps.splice(0)) await app.close();
});

/** What a Prometheus server does. */
async function scrape(app: INestApplication): Promise<Scrape> {
  if (!app.getHttpServer().listening) await app.listen(0, '127.0.0.1');
  const response = await fetch(`${await app.getUrl()}/metrics`);
  expect(response.status).toBe(200);
  return new Scrape(await response.text());
}

function metricsEndpoint(registry: Registry): new () => object {
  @Controller('metrics')
  class Metrics {
    @Get()
    @Header('content-type', registry.contentType)
    get(): Promise<string> {
      return registry.metrics();
    }
  }
  return Metrics;
}

/** Ten orders, of which one needs three attempts, one is dead-lettered and one skipped; three bills of a key that freezes. */
function scripted(): { host: new () => object; produce: (cluster: InMemoryCluster) => void } {
  @Controller()
  class Host {
    readonly #failed = new Map<string, number>();

    @KafkaWorker({
      topic: 'orders',
      concurrency: 'key',
      retry: { attempts: 3, backoff: fixed(1) },
      onFailure: deadLetter({ topic: 'orders.dlq' }),
      commit: { intervalMs: 5, records: 1000 },
    })
    onOrder(@Payload() order: string): void {
      const failures = this.#failed.get(order) ?? 0;
      this.#failed.set(order, failures + 1);
      if (order === 'slow to succeed' && failures < 2) throw new Error('not yet');
      if (order === 'hopeless') throw new Error('never');
      if (order === 'unwanted') throw new SkipRecordError('unwanted');
    }

    @KafkaWorker({ topic: 'bills', concurrency: 'key', retry: { attempts: 1 }, onFailure: freeze('key') })
    onBill(@Payload() bill: string): void {
      if (bill === 'wrong') throw new Error('wrong');
    }
  }
  return {
    host: Host,
    produce: (cluster) => {
      const values = ['slow to succeed', 'hopeless', 'unwanted', '3', '4', '5', '6', '7', '8', '9'];
      values.forEach((value, i) => cluster.produce({ topic: 'orders', partition: i % 2, key: `k${i}`, value }));
      for (const value of ['wrong', 'behind', 'behind too']) {
        cluster.produce({ topic: 'bills', partition: 0, key: 'same', value });
      }
    },
  };
}

describe.each(WAYS.filter((way) => way !== 'microservice'))('a scrape after a scripted run, run as %s', (way) => {
  it.each(['by the module option', 'by hand'])('has every metric and the right counts, attached %s', async (how) => {
    const registry = new Registry();
    const cluster = clusterWith('orders', 'orders.dlq', 'bills');
    const { host, produce } = scripted();
    const byHand = how === 'by hand';
    if (byHand) UseInterceptors(KafkaMetricsInterceptor)(host);
    const app = (await boot(way, {
      cluster,
      controllers: [host, metricsEndpoint(registry)],
      providers: [{ provide: KAFKA_METRICS_OPTIONS, useValue: { registry } }],
      kafka: byHand ? {} : { instrumentation: [new KafkaMetricsInterceptor({ registry })] },
    })) as INestApplication;
    apps.push(app);
    const runtime = runtimeOf(app);
    const dead = next(runtime, 'record.settled', ({ disposition }) => disposition === 'dead-lettered');
    const frozen = next(runtime, 'frozen');
    let done = 0;
    const all = next(runtime, 'record.settled', ({ disposition }) => disposition === 'done' && ++done === 8);
    produce(cluster);
    await Promise.all([dead, frozen, all]);
    await next(runtime, 'commit.succeeded');

    const found = await scrape(app);
    expect(found.names.toSorted()).toEqual(EVERY_METRIC.toSorted());

    const worker = 'Host#onOrder';
    const orders = { worker, topic: 'orders', group: 'group' };
    const dispositions = Object.fromEntries(
      found.series('records_total', orders).map(({ labels, value }) => [labels?.['disposition'], Number(value)]),
    );
    const rest = { 'retried-later': 0, frozen: 0, abandoned: 0 };
    expect(dispositions).toEqual({ done: 8, skipped: 1, 'dead-lettered': 1, ...rest });
    expect(found.value('retries_total', orders)).toBe(4);
    // by hand it sees its first record when its handler is called
    expect(found.value('handler_duration_seconds', orders)).toBe(14);
    expect(found.value('queue_wait_seconds', orders)).toBe(10);
    const bills = { topic: 'bills', partition: '0' };
    expect(found.value('records_total', { topic: 'bills', disposition: 'frozen' })).toBe(1);
    expect(found.value('frozen', bills)).toBe(1);
    expect(found.value('lag_records', bills)).toBe(3);
    expect(found.value('oldest_unsettled_seconds', bills)).toBeGreaterThanOrEqual(0);
    expect(found.value('paused', bills)).toBe(0);
    expect(found.value('buffered_records', { topic: 'bills' })).toBe(1); // those behind it are parked
    expect(found.value('buffered_bytes', { topic: 'bills' })).toBeGreaterThan(200);
    expect(found.value('lanes', { topic: 'bills' })).toBe(1);
    expect(found.value('in_flight', { topic: 'bills' })).toBe(0);
    expect(found.value('lag_records', { topic: 'orders', partition: '0' })).toBe(0);
    expect(found.value('commits_total', { outcome: 'succeeded' })).toBeGreaterThan(0);
    if (!byHand) {
      expect(found.value('rebalances_total', { group: 'group' })).toBe(1);
      expect(found.value('commits_total', { outcome: 'failed' })).toBe(0);
    }
  });
});

describe('metrics', () => {
  it('show what runs, what is paused and what a drain took, and count once however often they are attached', async () => {
    const registry = new Registry();
    const cluster = clusterWith('orders');
    const gate = deferred();
    const started = deferred();
    const metrics = new KafkaMetricsInterceptor({ registry });

    @Controller()
    @UseInterceptors(KafkaMetricsInterceptor)
    class Host {
      @KafkaWorker({ topic: 'orders' })
      async onOrder(): Promise<void> {
        started.resolve();
        await gate.promise;
      }
    }
    const app = (await boot('module', {
      cluster,
      controllers: [Host, metricsEndpoint(registry)],
      kafka: { instrumentation: [metrics] },
      providers: [{ provide: KAFKA_METRICS_OPTIONS, useValue: { registry } }],
    })) as INestApplication;
    apps.push(app);
    cluster.produce({ topic: 'orders', partition: 1, value: 'one' });
    await started.promise;
    runtimeOf(app).pause({ topic: 'orders', partition: 1 });
    const running = await scrape(app);
    expect(running.value('in_flight', { topic: 'orders' })).toBe(1);
    expect(running.value('paused', { partition: '1' })).toBe(1);
    expect(running.value('paused', { partition: '0' })).toBe(0);

    gate.resolve();
    await runtimeOf(app).drain();
    const drained = await scrape(app);
    expect(drained.value('drain_duration_seconds', { outcome: 'drained' })).toBe(1);
    expect(drained.value('handler_duration_seconds')).toBe(1);
    // counts stay, what was held has gone
    expect(drained.value('records_total', { disposition: 'done' })).toBe(1);
    expect(drained.series('paused')).toEqual([]);
    expect(drained.value('in_flight', { topic: 'orders' })).toBe(0);
  });

  it('go on counting where another engine takes over, and count what was not handled again', async () => {
    const registry = new Registry();
    const cluster = clusterWith('orders');
    const first = deferred();
    const others = deferred();
    let seen = 0;

    @Controller()
    class Slow {
      @KafkaWorker({ topic: 'orders', concurrency: 'unordered', commit: { intervalMs: 5, records: 1000 } })
      async onOrder(@Payload() order: string): Promise<void> {
        if (order === 'held') await first.promise;
        else if (++seen === 4) others.resolve();
      }
    }
    const kafka = { instrumentation: [new KafkaMetricsInterceptor({ registry, partitions: false })] };
    const old = await boot('module', {
      cluster,
      controllers: [Slow],
      kafka: { ...kafka, shutdown: { graceMs: 0, forceMs: 0 } },
    });
    apps.push(old as INestApplication);
    for (const value of ['held', '1', '2', '3', '4']) cluster.produce({ topic: 'orders', partition: 0, value });
    await others.promise;
    await old.close();
    first.resolve();

    const app = (await boot('module', {
      cluster,
      controllers: [Slow, metricsEndpoint(registry)],
      kafka,
    })) as INestApplication;
    apps.push(app);
    await next(runtimeOf(app), 'record.settled');
    const found = await scrape(app);
    expect(found.value('redelivered_done_total')).toBe(4);
    expect(found.value('records_total', { disposition: 'done' })).toBe(5);
    expect(found.value('records_total', { disposition: 'abandoned' })).toBe(1);
    expect(found.series('lag_records')).toHaveLength(1); // no label for the partition
  });

  it('are there again in a registry that was cleared, as tests do it', async () => {
    const registry = new Registry();
    new KafkaMetricsInterceptor({ registry });
    registry.clear();
    new KafkaMetricsInterceptor({ registry });
    new KafkaMetricsInterceptor({ registry });
    expect(new Scrape(await registry.metrics()).names.toSorted()).toEqual(EVERY_METRIC.toSorted());
  });

  it('cost nothing and are not there where nobody asks for them', async () => {
    const cluster = clusterWith('orders');
    @Controller()
    class Host {
      @KafkaWorker({ topic: 'orders' })
      onOrder(): void {}
    }
    const app = (await boot('module', { cluster, controllers: [Host] })) as INestApplication;
    apps.push(app);
    const settled = next(runtimeOf(app), 'record.settled');
    cluster.produce({ topic: 'orders', partition: 1, value: 'one' });
    await settled;
    const { register } = await import('prom-client');
    expect(await register.metrics()).not.toContain('kafka_worker_');
  });
});
