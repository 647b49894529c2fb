export type { Broker } from './brokers.js';
export type { CommandResult } from './commands.js';
export { KafkaClusterError, KafkaUnavailableError, NotOurBrokerError } from './errors.js';
export type { GroupDescription, GroupMember, KafkaCluster, LeaderMove, TopicOptions } from './kafka-cluster.js';
export { QUICK_JVM, type ClusterOptions } from './options.js';
export { startCluster } from './start-cluster.js';
