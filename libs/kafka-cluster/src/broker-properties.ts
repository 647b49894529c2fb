import { KafkaClusterError } from './errors.js';

/** Settings the cluster itself decides; a caller who sets one of them gets an error instead of a strange broker. */
const OURS: ReadonlySet<string> = new Set([
  'process.roles',
  'node.id',
  'broker.id',
  'listeners',
  'advertised.listeners',
  'controller.listener.names',
  'controller.quorum.voters',
  'log.dirs',
  'log.dir',
]);

/** Settings good for tests on one machine: quick to start, to rebalance and to fail over; small on disk and heap. */
export function testProperties(brokers: number): Record<string, string> {
  const replication = String(Math.min(3, brokers));
  return {
    // Topics are made by those who need them, so that a misspelt name is an error.
    'auto.create.topics.enable': 'false',
    'num.partitions': '4',
    'default.replication.factor': replication,

    'offsets.topic.num.partitions': '4',
    'offsets.topic.replication.factor': replication,
    'transaction.state.log.num.partitions': '4',
    'transaction.state.log.replication.factor': replication,
    'transaction.state.log.min.isr': '1',
    'transaction.abort.timed.out.transaction.cleanup.interval.ms': '1000',
    'share.coordinator.state.topic.num.partitions': '4',
    'share.coordinator.state.topic.replication.factor': replication,
    'share.coordinator.state.topic.min.isr': '1',

    // The first member does not wait for others, and a member may be declared dead soon.
    'group.initial.rebalance.delay.ms': '0',
    'group.min.session.timeout.ms': '1000',
    'group.consumer.min.session.timeout.ms': '1000',
    'group.consumer.min.heartbeat.interval.ms': '100',
    'group.consumer.heartbeat.interval.ms': '500',

    // A killed broker loses its partitions, and may come back, after this long instead of 9 s.
    'broker.session.timeout.ms': '3000',
    'broker.heartbeat.interval.ms': '500',
    // Leaders move only when somebody moves them.
    'auto.leader.rebalance.enable': 'false',
    'controlled.shutdown.enable': 'true',

    'log.segment.bytes': String(16 * 1024 * 1024),
    'log.index.size.max.bytes': String(1024 * 1024),
    // 128 MB of heap by default, allocated at the start.
    'log.cleaner.dedupe.buffer.size': String(4 * 1024 * 1024),
    'num.network.threads': '2',
    'num.io.threads': '4',
    'background.threads': '2',
  };
}

/** Settings for one broker that is a controller too, then those for tests, then the caller's. */
export function brokerProperties(
  own: Readonly<Record<string, string>>,
  brokers: number,
  overrides: Readonly<Record<string, string>>,
): Record<string, string> {
  const refused = Object.keys(overrides).filter((key) => OURS.has(key));
  if (refused.length > 0) throw new KafkaClusterError(`The cluster itself sets ${refused.join(', ')}`);
  return {
    'process.roles': 'broker,controller',
    'controller.listener.names': 'CONTROLLER',
    ...own,
    ...testProperties(brokers),
    ...overrides,
  };
}

/** The text of a .properties file. */
export function toPropertiesFile(properties: Readonly<Record<string, string>>): string {
  const escape = (value: string): string => value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
  return Object.entries(properties)
    .map(([key, value]) => `${key}=${escape(value)}\n`)
    .join('');
}
