import kafkajs, { type Kafka, type KafkaConfig, type LogEntry, type RetryOptions } from 'kafkajs';
import { Sockets } from './sockets.js';
import type { DriverLog, KafkajsDriverOptions, LogLevel } from './options.js';

/** What kafkajs says at warn level about choices that are made here on purpose. */
const KNOWN_NOISE = /^(Limiting retries for the idempotent producer|KafkaJS v2\.0\.0 switched default partitioner)/;

/**
 * What kafkajs calls an error or a warning although it or this driver deals with it, and tells where it cannot:
 * answers that are tried again or mean a join, and what a join or a crash is told of as a state.
 */
const DEALT_WITH =
  /^(Response \w+\(key: \d+|The group is rebalancing, re-joining|Crash: |Failed to send messages: The producer attempted to update a transaction while)/;

/**
 * How long a consumer or producer looks for its brokers: half a minute, and it is back a second after them. kafkajs'
 * own five tries are over after 9 s, with a last pause of 5 s, and what fails there is tried no more, whatever the
 * `retry` of consumer and producer says: the consumer crashes, which costs it all partitions, and the send fails.
 */
export const OUTAGE_RETRY: RetryOptions = { initialRetryTime: 100, maxRetryTime: 1000, retries: 30 };

/** A client object and its connections. */
export interface Client {
  readonly kafka: Kafka;
  readonly sockets: Sockets;
}

/** A new client object: one for each consumer, producer and admin, never shared. `retry`: where the user has none. */
export function createClient(options: KafkajsDriverOptions, retry: RetryOptions = {}): Client {
  const { client, log } = options;
  const sockets = new Sockets(client.socketFactory);
  const { brokers: given } = client;
  const config: KafkaConfig = {
    ...client,
    // Asked for before every further try. An empty list is the one thing that ends the tries of a closed client.
    brokers: async () => (sockets.closed ? [] : typeof given === 'function' ? given() : given),
    retry: { ...retry, ...client.retry },
    socketFactory: sockets.factory,
  };
  if (config.logCreator === undefined) {
    config.logLevel = log ? (client.logLevel ?? kafkajs.logLevel.WARN) : kafkajs.logLevel.NOTHING;
    config.logCreator = () => (log ? (entry) => forward(entry, log, sockets.cutting) : () => undefined);
  }
  return { kafka: new kafkajs.Kafka(config), sockets };
}

/** @param cutting connections were cut on purpose: that they are gone is no news. */
function forward(entry: LogEntry, log: DriverLog, cutting: boolean): void {
  const { message, timestamp: _timestamp, logger: _logger, ...fields } = entry.log;
  if (KNOWN_NOISE.test(message)) return;
  const level = cutting || DEALT_WITH.test(message) ? 'debug' : levelName(entry.level);
  log(level, entry.namespace ? `[${entry.namespace}] ${message}` : message, fields);
}

function levelName(level: number): LogLevel {
  const { ERROR, WARN, INFO } = kafkajs.logLevel;
  if (level <= ERROR) return 'error';
  if (level <= WARN) return 'warn';
  return level <= INFO ? 'info' : 'debug';
}
