export { acquireCluster, availableKafka, canStartCluster, type KafkaSource } from './acquire-cluster.js';
export type { Broker } from './brokers.js';
export {
  clusterTools,
  type ClusterTools,
  type ToolPartition,
  type ToolRecord,
  type ToolTransaction,
} from './cluster-tools.js';
export type { CommandResult } from './commands.js';
export { KafkaClusterError, KafkaUnavailableError, NotOurBrokerError } from './errors.js';
export type { GroupDescription, GroupMember, KafkaCluster, LeaderMove, TopicOptions } from './kafka-cluster.js';
export { QUICK_JVM, type ClusterOptions } from './options.js';
export { startSharedCluster, stopSharedCluster } from './shared-cluster.js';
export { startCluster } from './start-cluster.js';
export { hasTestBrokers, testBrokers, uniqueName } from './test-brokers.js';
export { eventually } from './waiting.js';
