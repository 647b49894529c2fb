import type { KafkaDriver } from '@kafka-worker/nestjs';

/**
 * Which Kafka the app runs on, as its modules inject it: the embedded cluster or a broker. An app of your own has
 * `client: { brokers: ['localhost:9092'] }` in its place.
 */
export abstract class KafkaConfig {
  abstract readonly driver: KafkaDriver;
  /**
   * A driver that shares partitions out in this way. The embedded cluster knows no strategies, only whether a join takes
   * everything back or just what moves.
   */
  abstract readonly assigning?: (assignment: 'cooperative' | 'round-robin') => KafkaDriver;
  /** How soon a member that was killed is noticed: brokers allow no less than 6,000 by default. Milliseconds. */
  abstract readonly sessionTimeout: number;
}
