import type { Broker, Brokers } from './brokers.js';
import { livingBrokers, withAdmin } from './cluster-client.js';
import type { CommandResult } from './commands.js';
import { KafkaClusterError } from './errors.js';
import { describeGroup } from './groups.js';
import type { GroupDescription, KafkaCluster, LeaderMove, TopicOptions } from './kafka-cluster.js';
import { LeaderMover } from './leaders.js';
import { poll } from './waiting.js';

/** From the start of a broker's process until it answers: 3 s when nothing else runs, more on a busy machine. */
const START_MS = 90_000;

/** From the creation of a topic until its leaders are known. Milliseconds. */
const TOPIC_MS = 30_000;
const DEFAULT_PARTITIONS = 4;
const MAX_REPLICATION = 3;

/** A KafkaCluster on whoever runs the brokers. */
export class RunningCluster implements KafkaCluster {
  readonly bootstrap: string[];
  readonly brokers: readonly Broker[];
  readonly directory: string | undefined;
  readonly #running: Set<number>;
  readonly #leaders: LeaderMover;
  #stopped: Promise<void> | undefined;

  constructor(private readonly host: Brokers) {
    this.brokers = host.list;
    this.directory = host.directory;
    this.bootstrap = host.list.map(({ address }) => address);
    this.#running = new Set(host.list.map(({ id }) => id));
    this.#leaders = new LeaderMover(this);
  }

  /** Waits until every broker answers and knows of all others. Ends the cluster if that takes too long. */
  async ready(): Promise<this> {
    try {
      await Promise.all(this.brokers.map((broker) => this.#answers(broker)));
      return this;
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    this.#stopped ??= Promise.all([this.host.end(), this.#leaders.close()]).then(() => undefined);
    return this.#stopped;
  }

  async kill(brokerId: number): Promise<void> {
    await this.#terminate(brokerId, 'SIGKILL');
  }

  async stopBroker(brokerId: number): Promise<void> {
    await this.#terminate(brokerId, 'SIGTERM');
  }

  async restart(brokerId: number): Promise<void> {
    const broker = this.#broker(brokerId);
    if (this.#running.has(brokerId)) await this.stopBroker(brokerId);
    await this.host.start(brokerId);
    this.#running.add(brokerId);
    await this.#answers(broker);
  }

  async suspend(brokerId: number): Promise<void> {
    await this.host.freeze(this.#broker(brokerId).id, true);
  }

  async continue(brokerId: number): Promise<void> {
    await this.host.freeze(this.#broker(brokerId).id, false);
  }

  async createTopic(name: string, options: TopicOptions = {}): Promise<void> {
    const { partitions = DEFAULT_PARTITIONS, configs = {} } = options;
    const replicationFactor = options.replicationFactor ?? Math.min(MAX_REPLICATION, this.brokers.length);
    const configEntries = Object.entries(configs).map(([key, value]) => ({ name: key, value }));
    await withAdmin(this.bootstrap, async (admin) => {
      const topics = [{ topic: name, numPartitions: partitions, replicationFactor, configEntries }];
      const created = await admin.createTopics({ topics, waitForLeaders: false });
      if (!created) throw new KafkaClusterError(`Topic ${name} exists already`);
    });
    // not by kafkajs' `waitForLeaders`, which gives up where it asks a broker that has not heard of the topic yet
    await Promise.all(
      this.brokers.filter(({ id }) => this.#running.has(id)).map((broker) => this.#hasLeaders(broker, name)),
    );
  }

  async #hasLeaders({ id, address }: Broker, topic: string): Promise<void> {
    await poll(`leaders of topic ${topic} on broker ${id}`, TOPIC_MS, () =>
      withAdmin([address], async (admin) => {
        const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
        return topics[0]?.partitions.every(({ leader }) => leader >= 0) || undefined;
      }),
    );
  }

  async describeGroup(groupId: string): Promise<GroupDescription> {
    return withAdmin(this.bootstrap, (admin) => describeGroup(admin, groupId));
  }

  async moveLeaders(topic: string): Promise<LeaderMove[]> {
    return this.#leaders.move(topic);
  }

  async runTool(mainClass: string, args: readonly string[]): Promise<CommandResult> {
    return this.host.runTool(mainClass, args);
  }

  async #terminate(brokerId: number, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    await this.host.terminate(this.#broker(brokerId).id, signal);
    this.#running.delete(brokerId);
  }

  /** Waits until a broker answers and names itself and all others that run. */
  async #answers({ id, address }: Broker): Promise<void> {
    await poll(`answer of broker ${id} at ${address}`, START_MS, async () => {
      const failure = await this.host.failure(id);
      if (failure !== undefined) throw new KafkaClusterError(failure);
      const living = new Set(await livingBrokers(address));
      return [...this.#running].every((running) => living.has(running)) || undefined;
    });
  }

  #broker(brokerId: number): Broker {
    const broker = this.brokers.find(({ id }) => id === brokerId);
    if (broker === undefined) throw new KafkaClusterError(`The cluster has no broker ${brokerId}`);
    return broker;
  }
}
