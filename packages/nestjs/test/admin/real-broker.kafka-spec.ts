import { Controller } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { canStartCluster, eventually, startCluster, uniqueName, type KafkaCluster } from '@app/kafka-cluster';
import { kafkajsDriver } from '@kafka-worker/kafkajs';
import {
  fixed,
  KafkaWorker,
  KafkaWorkerContext,
  KafkaWorkerModule,
  type KafkaWorkerModuleOptions,
  type KafkaWorkerRuntime,
} from '@kafka-worker/nestjs';
import type { GroupAnswer, PartitionsAnswer, SeekAnswer } from '@kafka-worker/nestjs/admin';
import { clusterWith } from '../support/app.js';
import { Calls } from '../support/calls.js';
import { runtimeOf } from '../support/events.js';
import { adminApp, problem, type AdminApp } from './support/admin-app.js';
import { answerFields, commandFields } from './support/group-command.js';

jest.setTimeout(180_000);

((await canStartCluster()) ? describe : describe.skip)('on a real broker', () => {
  let cluster: KafkaCluster;
  beforeAll(async () => {
    cluster = await startCluster();
  });
  afterAll(async () => cluster?.stop());

  interface Member extends AdminApp {
    readonly runtime: KafkaWorkerRuntime;
    /** `partition@offset`, in the order of the calls. */
    readonly calls: Calls<string>;
  }

  async function member(
    clientId: string,
    groupId: string,
    topic: string,
    options: { readonly answerMs?: number } & Partial<KafkaWorkerModuleOptions> = {},
  ): Promise<Member> {
    const calls = new Calls<string>();
    @Controller()
    class Shop {
      @KafkaWorker({
        topic,
        retry: { attempts: 1, backoff: fixed(1) },
        commit: { intervalMs: 20, records: 100 },
      })
      onOrder(@Payload() value: string, @Ctx() context: KafkaWorkerContext): void {
        calls.add(`${context.getPartition()}@${context.getMessage().offset}`);
        if (value === 'poison') throw new Error('cannot read poison');
      }
    }
    const { answerMs, ...kafka } = options;
    const app = await adminApp({
      cluster: clusterWith(), // nobody's
      addModule: false,
      imports: [
        KafkaWorkerModule.forRoot({
          client: { clientId, brokers: cluster.bootstrap },
          consumer: { groupId },
          ...kafka,
        }),
      ],
      controllers: [Shop],
      admin: { commands: 'unguarded', ...(answerMs !== undefined && { answerMs }) },
    });
    return { ...app, calls, runtime: runtimeOf(app.app) };
  }

  async function produce(topic: string, partition: number, values: string[], timestamp?: number): Promise<void> {
    const producer = kafkajsDriver({ client: { brokers: cluster.bootstrap } }).createProducer();
    await producer.connect();
    const at = (i: number) => (timestamp === undefined ? {} : { timestamp: timestamp + i });
    await producer.send(values.map((value, i) => ({ topic, partition, value, ...at(i) })));
    await producer.close();
  }

  const held = ({ runtime }: Member): number => runtime.inspect().groups[0]?.partitions.length ?? 0;

  it('GET groups/:groupId says what Kafka’s own command says, field by field', async () => {
    const [topic, groupId, other] = [uniqueName('orders'), uniqueName('group'), uniqueName('other')];
    await cluster.createTopic(topic, { partitions: 5 });
    await produce(topic, 0, ['1', '2', 'poison', '3', '4']);
    for (const partition of [1, 2, 3]) await produce(topic, partition, ['1', '2', '3']);
    const onlooker = await member('onlooker', other, topic);
    const one = await member('one', groupId, topic);
    const two = await member('two', groupId, topic);
    await eventually('both hold some', () => held(one) > 0 && held(two) > 0 && held(one) + held(two) === 5);

    // 0 stands at its poison, 1 and 2 are done, of 3 a record will wait
    const told = async ({ get }: AdminApp, id = groupId) => (await get<GroupAnswer>(`kafka/groups/${id}`)).body;
    await eventually('what is done is committed', async () => {
      const { partitions } = await told(one);
      return (
        partitions
          .map(({ committed }) => committed)
          .slice(0, 4)
          .join() === '2,3,3,3'
      );
    });
    for (const { post } of [one, two]) await post('kafka/workers/Shop.onOrder/pause');
    await produce(topic, 3, ['4']);

    const said = await commandFields(cluster, groupId);
    expect(said.partitions.length).toBe(5);
    expect(said).toMatchObject({ state: 'Stable', members: [expect.any(String), expect.any(String)] });
    const answers = [await told(one), await told(two), await told(onlooker)];
    for (const answer of answers) {
      expect(answerFields(answer)).toEqual(said);
      expect(answer.partitions.map(({ lag }) => lag).slice(0, 4)).toEqual([3, 0, 0, 1]);
      expect(answer.lag).toBe(4);
    }
    // a group that has never given a partition back: of 4 nothing is committed
    const quiet = await told(onlooker, other);
    expect(quiet.partitions[4]).toMatchObject({ committed: null, end: 0, lag: null, ownerClientId: 'onlooker' });
    expect(answerFields(quiet)).toEqual(await commandFields(cluster, other));
    const selves = answers.map(({ members }) => members.filter(({ self }) => self).map(({ clientId }) => clientId));
    expect(selves).toEqual([['one'], ['two'], []]);
    expect(answers.map(({ membership }) => membership?.generation)).toEqual([
      one.runtime.inspect().groups[0]?.generation,
      two.runtime.inspect().groups[0]?.generation,
      undefined,
    ]);

    await Promise.all([one.app.close(), two.app.close()]);
    const left = await commandFields(cluster, groupId);
    expect(left).toMatchObject({ state: 'Empty', protocol: '', members: [] });
    expect(answerFields(await told(onlooker))).toEqual(left);
    expect((await onlooker.get('kafka/groups?all=true')).body).toMatchObject({
      others: expect.arrayContaining([{ groupId, connection: 'default' }]),
    });
    expect((await onlooker.get(`kafka/groups/${uniqueName('nobody')}`)).status).toBe(404);
  });

  it('commands have their effect', async () => {
    const [topic, groupId] = [uniqueName('orders'), uniqueName('group')];
    await cluster.createTopic(topic, { partitions: 2 });
    const then = Date.parse('2026-01-31T12:00:00Z');
    await produce(topic, 0, ['1', '2', '3', '4'], then);
    const { post, get, calls, heard, app } = await member('one', groupId, topic);
    const command = (name: string, body: object) => post<SeekAnswer>(`kafka/workers/Shop%23onOrder/${name}`, body);
    expect(await calls.reached(4)).toEqual(['0@0', '0@1', '0@2', '0@3']);

    // a paused and a frozen partition stand, the other one goes on
    for (const [stop, go] of [
      ['pause', 'resume'],
      ['freeze', 'unfreeze'],
    ] as const) {
      const before = calls.all.length;
      expect((await command(stop, { topic, partition: 0 })).status).toBe(200);
      await produce(topic, 0, [stop]);
      await produce(topic, 1, [stop]);
      expect((await calls.reached(before + 1)).at(-1)).toMatch(/^1@/);
      // it has been fetched, and nobody is at it
      await eventually('it waits', async () => {
        const { partitions } = (await get<PartitionsAnswer>('kafka/partitions')).body;
        return partitions[0]?.lag === 1;
      });
      expect(calls.all.length).toBe(before + 1);
      expect((await command(go, { topic })).status).toBe(200);
      expect((await calls.reached(before + 2)).at(-1)).toMatch(/^0@/);
    }

    // 0 has six records, 1 has two
    const since = (count: number) => calls.all.slice(count);
    let before = calls.all.length;
    const sought = await command('seek', { topic, partition: 0, to: { timestamp: '2026-01-31T12:00:00.002Z' } });
    expect(sought.body.partitions).toEqual([{ topic, partition: 0, from: 6, to: 2 }]);
    await calls.reached(before + 4);
    expect(since(before)).toEqual(['0@2', '0@3', '0@4', '0@5']);

    before = calls.all.length;
    expect((await command('seek', { topic, to: 'beginning' })).status).toBe(200);
    await calls.reached(before + 8);
    expect(since(before).toSorted()).toEqual(['0@0', '0@1', '0@2', '0@3', '0@4', '0@5', '1@0', '1@1']);

    // the seek is committed, whatever is handled afterwards
    await command('pause', {});
    await command('seek', { topic, partition: 0, to: { offset: 1 } });
    await command('seek', { topic, partition: 1, to: 'end' });
    const { partitions } = await commandFields(cluster, groupId);
    expect(partitions.map((row) => row.split(' ').slice(1, 5).join(' '))).toEqual(['0 1 6 5', '1 2 2 0']);
    const outside = await command('seek', { topic, partition: 0, to: { offset: 7 } });
    expect([outside.status, problem(outside).mistakes?.[0]?.field]).toEqual([400, 'to.offset']);
    expect(heard.filter(({ outcome }) => outcome !== 'done').length).toBe(1);

    expect((await post('kafka/drain')).status).toBe(202);
    await eventually('the group is left', async () => {
      return (await get<GroupAnswer>(`kafka/groups/${groupId}`)).body.state === 'Empty';
    });
    await app.close();
  });

  it('a broker that does not answer is a problem, in time, and forgotten when it does again', async () => {
    const [topic, groupId] = [uniqueName('orders'), uniqueName('group')];
    await cluster.createTopic(topic, { partitions: 1 });
    const { get } = await member('one', groupId, topic, { answerMs: 1_500 });
    expect((await get(`kafka/groups/${groupId}`)).status).toBe(200);
    await cluster.suspend(cluster.brokers[0]?.id ?? 0);
    try {
      for (let i = 0; i < 2; i++) {
        const asked = Date.now();
        const answer = await get(`kafka/groups/${groupId}`);
        expect([answer.status, problem(answer).type]).toEqual([503, 'urn:kafka-worker:problem:broker-away']);
        expect(Date.now() - asked).toBeLessThan(3_000);
        expect((await get('kafka/groups')).status).toBe(200);
      }
    } finally {
      await cluster.continue(cluster.brokers[0]?.id ?? 0);
    }
    await eventually('it answers again', async () => (await get(`kafka/groups/${groupId}`)).status === 200);
  });
});
