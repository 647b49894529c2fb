import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { canStartCluster, KafkaClusterError, startCluster, uniqueName, type KafkaCluster } from '../src/index.js';
import { livingBrokers } from '../src/cluster-client.js';
import { eventually } from '../src/waiting.js';
import { allInSync, client, deleteTopic, isAlive, readAll } from './clusters.js';

const suite = (await canStartCluster()) ? describe : describe.skip;

suite('a cluster of three brokers', () => {
  let cluster: KafkaCluster;

  beforeAll(async () => {
    cluster = await startCluster({ brokers: 3, heapMb: 384, properties: { 'message.max.bytes': '2000000' } });
  });

  afterAll(async () => {
    const pids = cluster.brokers.map(({ pid }) => pid);
    await cluster.stop();
    await cluster.stop();
    expect(pids.filter((pid) => pid !== undefined && isAlive(pid))).toEqual([]);
  });

  it('has three brokers on the loopback interface, with the settings asked for', async () => {
    expect(cluster.brokers.map(({ id }) => id)).toEqual([1, 2, 3]);
    for (const address of cluster.bootstrap) expect(address).toMatch(/^127\.0\.0\.1:\d+$/);
    const admin = client(cluster.bootstrap).admin();
    await admin.connect();
    const { brokers } = await admin.describeCluster();
    const broker = { type: 4, name: '1', configNames: ['message.max.bytes', 'group.initial.rebalance.delay.ms'] };
    const { resources } = await admin.describeConfigs({ resources: [broker], includeSynonyms: false });
    await admin.disconnect();
    expect(brokers.map(({ host, port }) => `${host}:${port}`).sort()).toEqual([...cluster.bootstrap].sort());
    const settings = resources[0]?.configEntries.map(({ configName, configValue }) => [configName, configValue]) ?? [];
    expect(Object.fromEntries(settings)).toEqual({
      'message.max.bytes': '2000000',
      'group.initial.rebalance.delay.ms': '0',
    });
  });

  it('refuses a topic that exists and a broker that does not', async () => {
    const topic = uniqueName('twice');
    await cluster.createTopic(topic, { partitions: 1 });
    await expect(cluster.createTopic(topic)).rejects.toThrow(KafkaClusterError);
    await expect(cluster.kill(9)).rejects.toThrow('no broker 9');
  });

  it('moves every leader of a topic, again and again', async () => {
    const topic = uniqueName('moving');
    await cluster.createTopic(topic, { partitions: 6 });
    const leaders = async (): Promise<Map<number, number>> => {
      const admin = client(cluster.bootstrap).admin();
      await admin.connect();
      const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
      await admin.disconnect();
      return new Map(topics[0]?.partitions.map(({ partitionId, leader }) => [partitionId, leader]));
    };
    for (let round = 0; round < 3; round += 1) {
      const before = await leaders();
      const moves = await cluster.moveLeaders(topic);
      const after = await leaders();
      expect(moves).toHaveLength(6);
      for (const { partition, from, to } of moves) {
        expect(to).not.toBe(from);
        expect([before.get(partition), after.get(partition)]).toEqual([from, to]);
      }
    }
  });

  it('cannot move the leader of a partition without a second replica', async () => {
    const topic = uniqueName('single');
    await cluster.createTopic(topic, { partitions: 1, replicationFactor: 1 });
    await expect(cluster.moveLeaders(topic)).rejects.toThrow('no replica in sync');
    await deleteTopic(cluster.bootstrap, topic);
  });

  it('describes a group with what its members own', async () => {
    const [topic, groupId] = [uniqueName('described'), uniqueName('group')];
    await cluster.createTopic(topic, { partitions: 3 });
    expect(await cluster.describeGroup(groupId)).toMatchObject({ groupId, state: 'Dead', members: [] });
    const consumer = client(cluster.bootstrap).consumer({ groupId });
    await consumer.connect();
    await consumer.subscribe({ topic });
    await consumer.run({ eachMessage: async () => undefined });
    await eventually('a stable group', async () => (await cluster.describeGroup(groupId)).state === 'Stable');
    const { members, protocol } = await cluster.describeGroup(groupId);
    await consumer.disconnect();
    expect(protocol).toBe('RoundRobinAssigner');
    expect(members.map(({ assignment }) => assignment)).toEqual([{ [topic]: [0, 1, 2] }]);
    expect((await cluster.describeGroup(groupId)).state).toBe('Empty');
  });

  it('runs the tools of Kafka', async () => {
    const topic = uniqueName('tool');
    await cluster.createTopic(topic, { partitions: 1 });
    const described = await cluster.runTool('org.apache.kafka.tools.TopicCommand', ['--describe', '--topic', topic]);
    expect(described).toMatchObject({ code: 0, stderr: '' });
    expect(described.stdout).toContain('ReplicationFactor: 3');
    expect((await cluster.runTool('org.apache.kafka.tools.TopicCommand', ['--nonsense'])).code).not.toBe(0);
  });

  it('keeps records over kill and restart, on the same port', async () => {
    const topic = uniqueName('kept');
    // One replica, on the broker to be killed: what is read afterwards can only come from its own disk.
    await cluster.createTopic(topic, { partitions: 1, replicationFactor: 1 });
    const producer = client(cluster.bootstrap).producer();
    await producer.connect();
    await producer.send({ topic, messages: ['a', 'b', 'c'].map((value) => ({ value })) });
    await producer.disconnect();
    const admin = client(cluster.bootstrap).admin();
    await admin.connect();
    const leader = (await admin.fetchTopicMetadata({ topics: [topic] })).topics[0]?.partitions[0]?.leader as number;
    await admin.disconnect();
    const broker = cluster.brokers.find(({ id }) => id === leader);
    const pid = broker?.pid as number;

    await cluster.kill(leader);
    expect(isAlive(pid)).toBe(false);
    expect(broker?.pid).toBeUndefined();
    await cluster.restart(leader);
    expect(broker?.pid).not.toBe(pid);
    expect((await readAll([broker?.address as string], topic, uniqueName('reader'), 3)).sort()).toEqual([
      'a',
      'b',
      'c',
    ]);
    await deleteTopic(cluster.bootstrap, topic);
  });

  it('loses a suspended broker and gets it back', async () => {
    const alive = async (): Promise<number> => (await livingBrokers(cluster.bootstrap[0] as string)).length;
    // A partition with no other replica in sync would have no leader then, and kafkajs describes no such cluster.
    await eventually('every replica in sync', () => allInSync(cluster.bootstrap));
    await cluster.suspend(3);
    await eventually('broker 3 fenced', async () => (await alive()) === 2);
    await cluster.continue(3);
    await eventually('broker 3 back', async () => (await alive()) === 3);
  });
});
