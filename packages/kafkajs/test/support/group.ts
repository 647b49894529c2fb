import kafkajs from 'kafkajs';
import type { KafkajsDriver, KafkajsDriverOptions } from '../../src/index.js';
import { createTopic, testBrokers, testDriver, uniqueName } from './broker.js';
import { Member } from './member.js';
import { until } from './until.js';

/** A group on a topic of its own, and members for it that end with it. */
export interface TestGroup {
  readonly driver: KafkajsDriver;
  readonly topic: string;
  readonly groupId: string;
  /** Has not been started. */
  member(name: string, options?: Partial<KafkajsDriverOptions>): Member;
  /** Waits until these members, which stand for the whole group, have all partitions, and each some. */
  shared(...members: readonly Member[]): Promise<void>;
  /** What the group has agreed on; empty while it is joining. */
  protocol(): Promise<string>;
  /** Gives the topic more partitions. */
  grow(partitions: number): Promise<void>;
  end(): Promise<void>;
}

export async function testGroup(partitions: number): Promise<TestGroup> {
  const driver = testDriver();
  const topic = await createTopic(driver, partitions);
  const groupId = uniqueName('group');
  const members: Member[] = [];
  const admin = driver.createAdmin();
  await admin.connect();
  return {
    driver,
    topic,
    groupId,
    member: (name, options) => {
      const made = new Member(options ? testDriver(options) : driver, name, { groupId, topics: [topic] });
      members.push(made);
      return made;
    },
    shared: (...all) =>
      until(`${all.map(({ name }) => name).join()} share`, () => {
        const owned = all.flatMap((member) => member.owned);
        const settled = all.every((one) => one.states.at(-1)?.state === 'joined' && one.owned.length > 0);
        return settled && owned.length === partitions && new Set(owned).size === partitions;
      }),
    protocol: async () => (await admin.describeGroup(groupId)).protocol,
    grow: async (count) => {
      const bare = bareKafka().admin();
      await bare.connect();
      await bare.createPartitions({ topicPartitions: [{ topic, count }] });
      await bare.disconnect();
    },
    end: async () => {
      await Promise.all(members.map(({ consumer }) => consumer.stop()));
      await admin.close();
    },
  };
}

function bareKafka(): kafkajs.Kafka {
  return new kafkajs.Kafka({ brokers: testBrokers(), logLevel: kafkajs.logLevel.NOTHING });
}

/** A consumer of bare kafkajs: what another program of the group may be. */
export interface RawConsumer {
  /** Numbers of the partitions that it was given last. */
  readonly owned: readonly number[];
  /** How often it has joined. */
  readonly joins: number;
  /** Values of what it has read. */
  readonly values: readonly string[];
  stop(): Promise<void>;
}

/** Starts one; what it reads it commits by itself. Without `assigners` it has kafkajs' own. */
export async function rawConsumer(
  { topic, groupId }: Pick<TestGroup, 'topic' | 'groupId'>,
  assigners?: kafkajs.PartitionAssigner[],
): Promise<RawConsumer> {
  const consumer = bareKafka().consumer({
    groupId,
    sessionTimeout: 6000,
    rebalanceTimeout: 20_000,
    heartbeatInterval: 300,
    maxWaitTimeInMs: 100,
    ...(assigners && { partitionAssigners: assigners }),
  });
  let owned: readonly number[] = [];
  let joins = 0;
  const values: string[] = [];
  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
    owned = payload.memberAssignment[topic] ?? [];
    joins++;
  });
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  await consumer.run({ eachMessage: async ({ message }) => void values.push(message.value?.toString() ?? '') });
  return {
    get owned() {
      return owned;
    },
    get joins() {
      return joins;
    },
    values,
    stop: () => consumer.disconnect(),
  };
}
