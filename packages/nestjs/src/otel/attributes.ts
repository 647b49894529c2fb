/**
 * Names of span attributes: the OpenTelemetry semantic conventions for messaging and Kafka, version 1.45.0 (status:
 * development). Those before it had `messaging.system`, `messaging.kafka.offset`, `messaging.kafka.message.key` and
 * `messaging.kafka.message.tombstone` for what is renamed in it. They stand here and nowhere else, so that the next change
 * will be one of this table.
 * @internal
 */
export const ATTR = {
  system: 'messaging.system.name',
  operationName: 'messaging.operation.name',
  operationType: 'messaging.operation.type',
  destination: 'messaging.destination.name',
  partition: 'messaging.destination.partition.id',
  group: 'messaging.consumer.group.name',
  clientId: 'messaging.client.id',
  offset: 'kafka.offset',
  key: 'kafka.message.key',
  tombstone: 'kafka.message.tombstone',
  batchSize: 'messaging.batch.message_count',
  errorType: 'error.type',
  // what the conventions have no name for
  worker: 'kafka_worker.worker',
  attempt: 'kafka_worker.attempt',
  queuedMs: 'kafka_worker.queued_ms',
  steering: 'kafka_worker.steering',
  firstOffset: 'kafka_worker.first_offset',
  failedAttempts: 'kafka_worker.failed_attempts',
  linksLeftOut: 'kafka_worker.links_left_out',
  partitions: 'kafka_worker.partitions',
  outcome: 'kafka_worker.outcome',
  cause: 'kafka_worker.cause',
  finished: 'kafka_worker.finished',
  left: 'kafka_worker.left',
  generation: 'kafka_worker.generation',
  member: 'kafka_worker.member',
  assigned: 'kafka_worker.assigned',
  revoked: 'kafka_worker.revoked',
  kept: 'kafka_worker.kept',
} as const;

/** @internal */
export const KAFKA = 'kafka';
