import type { Broker } from './brokers.js';
import type { CommandResult } from './commands.js';

/** What `createTopic` may be told. */
export interface TopicOptions {
  /** Default 4. */
  readonly partitions?: number;
  /** Default: 3, or the number of brokers if that is less. */
  readonly replicationFactor?: number;
  /** Topic settings, such as `cleanup.policy`. */
  readonly configs?: Readonly<Record<string, string>>;
}

/** A member of a consumer group. */
export interface GroupMember {
  readonly memberId: string;
  readonly clientId: string;
  /** The partitions it owns, in ascending order, by topic. */
  readonly assignment: Readonly<Record<string, readonly number[]>>;
}

/** A consumer group as its coordinator sees it. */
export interface GroupDescription {
  readonly groupId: string;
  /** Kafka's word: Empty, PreparingRebalance, CompletingRebalance, Stable; Dead when there is no such group. */
  readonly state: string;
  /** The assignor's name, empty while the group has none. */
  readonly protocol: string;
  readonly members: readonly GroupMember[];
}

/** Where the leader of a partition was and is. */
export interface LeaderMove {
  readonly partition: number;
  readonly from: number;
  readonly to: number;
}

/**
 * A running Kafka. Whatever happens to this process, even SIGKILL, a cluster it started ends with it and leaves no
 * data behind. Methods that take a broker id throw KafkaClusterError when there is none, and NotOurBrokerError when
 * the cluster came from KAFKA_BROKERS.
 */
export interface KafkaCluster {
  /** `host:port` of every broker, in the order of their ids. */
  readonly bootstrap: string[];
  readonly brokers: readonly Broker[];
  /** Where the data and logs (broker-N/broker.log) are until `stop`; `undefined` with KAFKA_BROKERS. */
  readonly directory: string | undefined;

  /** Kills every broker and deletes the data. A second call does nothing; a foreign cluster is only let go. */
  stop(): Promise<void>;

  /** SIGKILL: the broker vanishes in the middle of things. Others notice after broker.session.timeout.ms (3 s). */
  kill(brokerId: number): Promise<void>;
  /** SIGTERM: the broker hands its leaders over and goes. Killed if that takes more than 15 s. */
  stopBroker(brokerId: number): Promise<void>;
  /**
   * Starts a broker on the same port with the same data, first stopping it if it still runs; done when it answers.
   * Right after `kill` that takes until broker.session.timeout.ms (3 s) have passed.
   */
  restart(brokerId: number): Promise<void>;
  /** SIGSTOP: the broker keeps its connections and answers nobody. */
  suspend(brokerId: number): Promise<void>;
  /** SIGCONT: undoes `suspend`. */
  continue(brokerId: number): Promise<void>;

  /** Creates a topic and waits until every partition has a leader. Throws KafkaClusterError if it exists. */
  createTopic(name: string, options?: TopicOptions): Promise<void>;
  /** Describes a classic consumer group; `state` is Dead when there is none. */
  describeGroup(groupId: string): Promise<GroupDescription>;
  /**
   * Moves the leader of every partition of a topic to the next replica that is in sync, and waits until it leads.
   * Throws KafkaClusterError for a partition that has no other replica in sync.
   */
  moveLeaders(topic: string): Promise<LeaderMove[]>;

  /**
   * Runs a main class of Kafka's jars, e.g. `org.apache.kafka.tools.LeaderElectionCommand`, in a JVM of its own.
   * `--bootstrap-server` is put in front unless `args` has it. A failing tool does not throw: read `code`.
   */
  runTool(mainClass: string, args: readonly string[]): Promise<CommandResult>;
}
