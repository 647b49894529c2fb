import { Controller, type INestApplication } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { DriverConsumerListener, KafkaDriver } from '@kafka-worker/engine';
import { kafkajsDriver } from '@kafka-worker/kafkajs';
import { KafkaWorker, type KafkaWorkerModuleOptions } from '@kafka-worker/nestjs';
import { KafkaWorkerHealthModule } from '@kafka-worker/nestjs/terminus';
import { deferred, type Deferred } from '@kafka-worker/testing';
import {
  clusterTools,
  eventually,
  hasTestBrokers,
  testBrokers,
  uniqueName,
  type ClusterTools,
} from '@app/kafka-cluster';
import { boot, clusterWith } from '../support/app.js';
import { Calls } from '../support/calls.js';
import { next, runtimeOf } from '../support/events.js';
import { Probing } from './support/probing.js';

const STALL_MS = 1000;

(hasTestBrokers() ? describe : describe.skip)('health on a real broker', () => {
  let app: INestApplication | undefined;
  let probing: Probing;
  let tools: ClusterTools;
  let topic: string;
  let groupId: string;
  let gate: Deferred<void>;
  let started: Calls<string>;
  let endedAt: number | undefined;

  beforeEach(async () => {
    topic = uniqueName('health');
    groupId = uniqueName('health-group');
    gate = deferred();
    started = new Calls();
    endedAt = undefined;
    tools = clusterTools(testBrokers());
    await tools.createTopic(topic, 2);
  });
  afterEach(async () => {
    gate.resolve();
    await app?.close();
    await probing.end();
    await tools.close();
  });

  async function serve(kafka: Partial<KafkaWorkerModuleOptions> = {}): Promise<INestApplication> {
    @Controller()
    class Orders {
      @KafkaWorker({ topic })
      async on(@Payload() value: string): Promise<void> {
        started.add(value);
        await gate.promise;
        endedAt = Date.now();
      }
    }
    const served = (await boot('module', {
      cluster: clusterWith(), // not used: the driver is a real one
      kafka: { driver: kafkajsDriver({ client: { brokers: testBrokers() } }), consumer: { groupId }, ...kafka },
      imports: [KafkaWorkerHealthModule.forRoot({ stallMs: STALL_MS })],
      controllers: [Orders],
    })) as INestApplication;
    app = served;
    await served.listen(0);
    probing = new Probing(served, 20);
    await eventually('ready', () => probing.last?.ready === 200);
    return served;
  }

  it('a handler that hangs past its budget: live names the record, and is up again when it ends', async () => {
    await serve();
    await tools.produce([{ topic, partition: 1, key: 'secret', value: 'hangs' }]);
    await started.reached(1);
    const startedAt = Date.now();
    await eventually('live down', () => probing.last?.live === 503);
    const downAfterMs = probing.last!.at - startedAt;
    expect(probing.last!.liveSaid).toMatchObject({
      status: 'down',
      causes: [
        {
          cause: 'handler-stalled',
          connection: 'default',
          groupId,
          worker: 'Orders#on',
          topic,
          partition: 1,
          offset: 0,
          attempt: 1,
          stallMs: STALL_MS,
        },
      ],
    });
    expect(JSON.stringify(probing.last)).not.toContain('secret');
    expect(downAfterMs).toBeGreaterThan(STALL_MS - 200);
    expect(probing.last!.ready).toBe(200);
    gate.resolve();
    await eventually('live up', () => probing.last?.live === 200);
    expect(probing.last!.liveSaid).toEqual({ status: 'up' });
  }, 60_000);

  it('a drain: readiness says no first, while the handler still runs, and live never does', async () => {
    const served = await serve({ shutdown: { graceMs: 20_000, forceMs: 1000 } });
    await tools.produce([{ topic, value: 'x' }]);
    await started.reached(1);
    const drain = next(runtimeOf(served), 'drain.started');
    const before = probing.answers.length;
    const closed = served.close();
    await drain;
    await eventually('not ready', () => probing.last?.ready === 503);
    expect(endedAt).toBeUndefined();
    expect(probing.last!.readySaid).toMatchObject({
      status: 'down',
      causes: [{ cause: 'draining', connection: 'default', running: 1 }],
    });
    gate.resolve();
    await closed;
    const answers = (await probing.end()).slice(before);
    // the one that was under way when the drain began may have been a yes
    expect(answers.slice(1).filter(({ ready }) => ready === 200)).toEqual([]);
    expect(answers.filter(({ live }) => live !== 200 && live !== 0)).toEqual([]);
    const [at] = answers.filter(({ ready }) => ready === 503).map((asked) => asked.at);
    expect(at).toBeLessThan(endedAt ?? 0);
  }, 60_000);

  /**
   * Real: the broker, that it has put the member out of its group, and what it answers to the question who is in it.
   * Not real: that the client keeps quiet. kafkajs learns of it with its next heartbeat and joins anew under another
   * id, which here nobody is told: as with clients that miss a generation.
   */
  it('a zombie: live goes down where the broker says otherwise than the client', async () => {
    const hush = { on: false };
    const served = await serve({ driver: hushed(hush), ownershipCheckMs: 300 });
    const runtime = runtimeOf(served);
    const { memberId } = runtime.inspect().groups[0]!;
    await eventually('asked and owned', () => runtime.inspect().groups[0]!.partitions.length === 2);
    expect(probing.last).toMatchObject({ live: 200, ready: 200 });

    hush.on = true;
    await tools.expel(groupId, memberId);
    await eventually('live down', () => probing.last?.live === 503);
    expect(runtime.inspect().groups[0]).toMatchObject({ state: 'joined', memberId });
    expect(probing.last!.liveSaid).toMatchObject({
      status: 'down',
      causes: [
        {
          cause: 'disowned',
          connection: 'default',
          groupId,
          memberId,
          partitions: [
            { topic, partition: 0 },
            { topic, partition: 1 },
          ],
        },
      ],
    });
    expect(probing.last!.ready).toBe(503);
    const [member, ...others] = (await membersOf(groupId)).filter((id) => id !== memberId);
    expect([typeof member, others]).toEqual(['string', []]);
  }, 60_000);

  /** kafkajs whose losses and joins are not told from some time on. */
  function hushed(hush: { readonly on: boolean }): KafkaDriver {
    const driver = kafkajsDriver({ client: { brokers: testBrokers() } });
    const deafen = (listener: DriverConsumerListener): DriverConsumerListener => ({
      assigned: async (assignment) => (hush.on ? [] : listener.assigned(assignment)),
      revoking: async (partitions, deadlineMs) => (hush.on ? undefined : listener.revoking(partitions, deadlineMs)),
      lost: (partitions, cause) => (hush.on ? undefined : listener.lost(partitions, cause)),
      records: (batch) => (hush.on ? batch.records.length : listener.records(batch)),
      stateChanged: (state, cause) =>
        hush.on && state !== 'stopped' ? undefined : listener.stateChanged(state, cause),
    });
    return {
      name: driver.name,
      capabilities: driver.capabilities,
      createProducer: () => driver.createProducer(),
      createAdmin: () => driver.createAdmin(),
      createConsumer: (options) => {
        const consumer = driver.createConsumer(options);
        const start = consumer.start.bind(consumer);
        consumer.start = (listener) => start(deafen(listener));
        return consumer;
      },
    };
  }

  /** Who is in a group. */
  async function membersOf(group: string): Promise<string[]> {
    const admin = kafkajsDriver({ client: { brokers: testBrokers() } }).createAdmin();
    await admin.connect();
    const { members } = await admin.describeGroup(group);
    await admin.close();
    return members.map((member) => member.memberId);
  }
});
