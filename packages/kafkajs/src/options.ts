import type { ConsumerConfig, KafkaConfig, ProducerConfig } from 'kafkajs';
import type { AssignmentStrategy } from './assignment/strategy.js';
import type { CompressionName } from './codecs/compression.js';

/** Levels of {@link DriverLog}. */
export type LogLevel = 'error' | 'warn' | 'info' | 'debug';

/** Where the client's own lines go. `fields` holds what kafkajs adds: groupId, memberId, broker, … */
export type DriverLog = (level: LogLevel, message: string, fields: Readonly<Record<string, unknown>>) => void;

/** kafkajs' consumer options, without what the engine decides. */
export type ConsumerOverrides = Omit<
  ConsumerConfig,
  'groupId' | 'sessionTimeout' | 'rebalanceTimeout' | 'allowAutoTopicCreation'
>;

/** kafkajs' producer options, without what would take away the acknowledgement's meaning or the order. */
export type ProducerOverrides = Omit<
  ProducerConfig,
  'idempotent' | 'maxInFlightRequests' | 'createPartitioner' | 'transactionalId' | 'transactionTimeout'
> & {
  /** How requests are compressed. Default `none`. Beside gzip each codec needs its package (see the README). */
  readonly compression?: CompressionName;
};

/** What the driver is made with; the shapes are those of kafkajs. */
export interface KafkajsDriverOptions {
  /**
   * Brokers, client id, TLS, SASL, timeouts: handed to kafkajs as it is. Every consumer, producer and admin gets a
   * `Kafka` object of its own, since members made of one object share their committed offsets. `retry` differs from
   * kafkajs' default for consumers and producers: 30 tries from 100 ms to 1 s, so that they outlive half a minute
   * without a broker.
   */
  readonly client: KafkaConfig;
  /**
   * Differs from kafkajs' defaults in: `heartbeatInterval` 500 ms, `maxWaitTimeInMs` 100 ms (a member that stops or
   * joins waits for the fetch under way), `retry.retries` 8 from 100 ms. `maxBytesPerPartition` (1 MiB) also bounds
   * what the driver keeps back of a partition that is full: one and a half times as much, since the next response is
   * fetched while the last half of one is left.
   */
  readonly consumer?: ConsumerOverrides;
  /**
   * How partitions are shared out, the most wanted first: the group works with the first one that all of its members
   * have. Default `['cooperative', 'round-robin']`. Not beside `consumer.partitionAssigners`.
   */
  readonly assignment?: AssignmentStrategy | readonly AssignmentStrategy[];
  /**
   * Differs from kafkajs' defaults in: `retry.retries` 20 from 100 ms to 2 s, about half a minute. Transactional
   * producers try again after 5 ms first, whatever `retry.initialRetryTime` says.
   */
  readonly producer?: ProducerOverrides;
  /** Gets the client's lines of level `client.logLevel`, default WARN. Left out: nothing is logged. */
  readonly log?: DriverLog;
}
