import { setTimeout as sleep } from 'node:timers/promises';
import { Controller, type INestApplication } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { kafkajsDriver } from '@kafka-worker/kafkajs';
import { KafkaWorker } from '@kafka-worker/nestjs';
import { KafkaWorkerHealthModule } from '@kafka-worker/nestjs/terminus';
import { canStartCluster, clusterTools, eventually, startCluster, type KafkaCluster } from '@app/kafka-cluster';
import { boot, clusterWith } from '../support/app.js';
import { Probing, type Asked } from './support/probing.js';

/** What an outage is here: longer than a session, than a rebalance, and than kafkajs' patience. */
const OUTAGE_MS = 120_000;
const RECORDS = 400;

const suite = (await canStartCluster()) ? describe : describe.skip;

suite('the only broker is away for two minutes', () => {
  let cluster: KafkaCluster;
  let app: INestApplication;
  const handled: string[] = [];

  @Controller()
  class Orders {
    @KafkaWorker({ topic: 'orders', concurrency: 'key' })
    on(@Payload() id: string): void {
      handled.push(id);
    }
  }

  beforeAll(async () => {
    cluster = await startCluster();
    await cluster.createTopic('orders', { partitions: 4 });
    app = (await boot('module', {
      cluster: clusterWith(), // not used: the driver is a real one
      kafka: { driver: kafkajsDriver({ client: { brokers: cluster.bootstrap } }) },
      imports: [KafkaWorkerHealthModule.forRoot()],
      controllers: [Orders],
    })) as INestApplication;
    await app.listen(0);
  }, 120_000);
  afterAll(async () => {
    await app?.close();
    await cluster?.stop();
  }, 60_000);

  async function produce(from: number): Promise<void> {
    const tools = clusterTools(cluster.bootstrap);
    const records = Array.from({ length: RECORDS }, (_, i) => ({
      topic: 'orders',
      key: `k${i % 40}`,
      value: `r${from + i}`,
    }));
    await tools.produce(records);
    await tools.close();
  }

  it('ready says why and comes back, live says nothing of it, and no record is lost', async () => {
    const probing = new Probing(app, 1000);
    await eventually('ready', () => probing.last?.ready === 200);
    await produce(0);
    await eventually('the first records', () => new Set(handled).size === RECORDS);

    const stoppedAt = Date.now();
    await cluster.stopBroker(1);
    await sleep(OUTAGE_MS - (Date.now() - stoppedAt));
    const restartedAt = Date.now();
    await cluster.restart(1);
    const answersAt = Date.now();
    await eventually('ready again', () => probing.last?.ready === 200 && probing.last.at > answersAt, 90_000);
    const readyAt = Date.now();
    await produce(RECORDS);
    await eventually('the other records', () => new Set(handled).size === 2 * RECORDS, 60_000);
    const answers = await probing.end();

    const during = answers.filter(({ at }) => at > stoppedAt && at < restartedAt);
    const firstNo = during.find(({ ready }) => ready === 503);
    const causes = new Set(during.flatMap(({ readySaid }) => readySaid?.causes?.map(({ cause }) => cause) ?? []));
    console.info(
      `asked ${answers.length} times, ${during.length} of them during the outage; ready said no ${(firstNo?.at ?? NaN) - stoppedAt} ms ` +
        `after the stop (${[...causes].join(', ')}), yes ${readyAt - answersAt} ms after the broker answered again; ` +
        `${handled.length - 2 * RECORDS} records came twice`,
    );
    expect(during.length).toBeGreaterThan(100);
    expect(answers.filter(({ live }) => live !== 200)).toEqual([]);

    // it is noticed while the session lasts, and stays so
    expect(firstNo).toBeDefined();
    expect(firstNo!.at - stoppedAt).toBeLessThan(30_000);
    const after = during.filter(({ at }) => at > firstNo!.at);
    expect(after.filter(({ ready }) => ready !== 503)).toEqual([]);
    expect(after.filter((asked) => !namesOutage(asked))).toEqual([]);
    expect(handled.length - new Set(handled).size).toBe(0);
  }, 400_000);
});

/** That no broker answers, or that the client has given up for now. */
function namesOutage({ readySaid }: Asked): boolean {
  return (readySaid?.causes ?? []).every(
    ({ cause, willRestart, error }) =>
      (cause === 'connecting' || (cause === 'crashed' && willRestart === true)) && typeof error === 'string',
  );
}
