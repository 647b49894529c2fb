import kafkajs, { type Kafka, type KafkaConfig, type LogEntry } from 'kafkajs';
import { Sockets } from './sockets.js';
import type { DriverLog, KafkajsDriverOptions, LogLevel } from './options.js';

/** What kafkajs says at warn level about choices that are made here on purpose. */
const KNOWN_NOISE = /^(Limiting retries for the idempotent producer|KafkaJS v2\.0\.0 switched default partitioner)/;

/** A client object and its connections. */
export interface Client {
  readonly kafka: Kafka;
  readonly sockets: Sockets;
}

/** A new client object: one for each consumer, producer and admin, never shared. */
export function createClient(options: KafkajsDriverOptions): Client {
  const { client, log } = options;
  const sockets = new Sockets(client.socketFactory);
  const config: KafkaConfig = { ...client, socketFactory: sockets.factory };
  if (config.logCreator === undefined) {
    config.logLevel = log ? (client.logLevel ?? kafkajs.logLevel.WARN) : kafkajs.logLevel.NOTHING;
    config.logCreator = () => (log ? (entry) => forward(entry, log) : () => undefined);
  }
  return { kafka: new kafkajs.Kafka(config), sockets };
}

function forward(entry: LogEntry, log: DriverLog): void {
  const { message, timestamp: _timestamp, logger: _logger, ...fields } = entry.log;
  if (KNOWN_NOISE.test(message)) return;
  log(levelName(entry.level), entry.namespace ? `[${entry.namespace}] ${message}` : message, fields);
}

function levelName(level: number): LogLevel {
  const { ERROR, WARN, INFO } = kafkajs.logLevel;
  if (level <= ERROR) return 'error';
  if (level <= WARN) return 'warn';
  return level <= INFO ? 'info' : 'debug';
}
