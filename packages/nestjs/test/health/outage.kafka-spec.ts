import { setTimeout as sleep } from 'node:timers/promises';
import { Controller, Logger, type INestApplication } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { kafkajsDriver } from '@kafka-worker/kafkajs';
import { KafkaWorker } from '@kafka-worker/nestjs';
import { KafkaWorkerHealthModule } from '@kafka-worker/nestjs/terminus';
import { canStartCluster, clusterTools, eventually, startCluster, type KafkaCluster } from '@app/kafka-cluster';
import { boot, clusterWith } from '../support/app.js';
import { runtimeOf } from '../support/events.js';
import { Probing, type Asked } from './support/probing.js';

/** What an outage is here: longer than a session, than a rebalance, and than kafkajs' patience. */
const OUTAGE_MS = 120_000;
const RECORDS = 400;

const suite = (await canStartCluster()) ? describe : describe.skip;

suite('the only broker is away for two minutes', () => {
  let cluster: KafkaCluster;
  let app: INestApplication;
  let probing: Probing;
  /** What the connection has logged: read only where the test fails. */
  const said: string[] = [];
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
    const note = (line: unknown): void => void said.push(`${new Date().toISOString()} ${String(line)}`);
    Logger.overrideLogger({ log: note, warn: note, error: note });
  }, 120_000);
  afterAll(async () => {
    Logger.overrideLogger(false);
    await probing?.end();
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
    probing = new Probing(app, 1000);
    await eventually('ready', () => probing.last?.ready === 200);
    await produce(0);
    await eventually('the first records', () => handled.length === RECORDS);
    // what is not committed would come again, as it should
    await eventually('their commit', () => committed(app) === RECORDS);

    const stoppedAt = Date.now();
    await cluster.stopBroker(1);
    await sleep(OUTAGE_MS - (Date.now() - stoppedAt));
    const restartedAt = Date.now();
    await cluster.restart(1);
    const answersAt = Date.now();
    const again = (): boolean => probing.last?.ready === 200 && probing.last.at > answersAt;
    // the broker waits for sessions that it remembers: 30 s each, where a join of the way back was cut off more than one
    await eventually('ready again', again, 180_000).catch((error: unknown) => {
      const last = JSON.stringify(probing.last?.readySaid);
      throw new Error(
        `${String(error)}; restarted at ${new Date(restartedAt).toISOString()}, it says ${last}\n${said.slice(-40).join('\n')}`,
      );
    });
    const readyAt = Date.now();
    await produce(RECORDS);
    await eventually('the other records', () => new Set(handled).size === 2 * RECORDS, 60_000);
    const answers = await probing.end();

    const during = answers.filter(({ at }) => at > stoppedAt && at < restartedAt);
    const firstNo = during.find(({ ready }) => ready === 503);
    const causes = new Set(during.flatMap(({ readySaid }) => readySaid?.causes?.map(({ cause }) => cause) ?? []));
    const silentMs = Math.max(...during.flatMap(crashAges));
    console.info(
      `asked ${answers.length} times, ${during.length} of them during the outage; ready said no ${(firstNo?.at ?? NaN) - stoppedAt} ms ` +
        `after the stop (${[...causes].join(', ')}), was without word of a crash for ${silentMs} ms at most, yes ${readyAt - answersAt} ms after the broker answered again; ` +
        `${handled.length - 2 * RECORDS} of ${2 * RECORDS} records came twice`,
    );
    expect(during.length).toBeGreaterThan(100);
    expect(answers.filter(({ live }) => live !== 200)).toEqual([]);

    // it is noticed while the session lasts, and stays so
    expect(firstNo).toBeDefined();
    expect(firstNo!.at - stoppedAt).toBeLessThan(30_000);
    const after = during.filter(({ at }) => at > firstNo!.at);
    expect(after.filter(({ ready }) => ready !== 503)).toEqual([]);
    expect(after.filter((asked) => !namesOutage(asked))).toEqual([]);
    // each of its tries is a word, so that an outage of any length is none of a client that stays away
    expect(silentMs).toBeGreaterThan(0);
    expect(silentMs).toBeLessThan(100_000);

    expect(handled.toSorted()).toEqual([...new Set(handled)].toSorted());
  }, 480_000);
});

/** Records that the broker has acknowledged as handled. */
function committed(app: INestApplication): number {
  const { groups } = runtimeOf(app).inspect();
  return groups.flatMap(({ partitions }) => partitions).reduce((sum, partition) => sum + (partition.committed ?? 0), 0);
}

function crashAges({ readySaid }: Asked): number[] {
  return (readySaid?.causes ?? []).flatMap(({ cause, ageMs }) => (cause === 'crashed' ? [ageMs as number] : []));
}

/** That no broker answers, or that the client has given up for now. */
function namesOutage({ readySaid }: Asked): boolean {
  return (readySaid?.causes ?? []).every(
    ({ cause, willRestart, error }) =>
      (cause === 'connecting' || (cause === 'crashed' && willRestart === true)) && typeof error === 'string',
  );
}
