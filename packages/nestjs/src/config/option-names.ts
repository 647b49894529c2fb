/** Options of the module. @internal */
export const MODULE_NAMES = [
  'client',
  'consumer',
  'producer',
  'subscribe',
  'postfixId',
  'parser',
  'driver',
  'maxConcurrency',
  'worker',
  'rebalance',
  'shutdown',
  'instrumentation',
  'ownershipCheckMs',
  'autoStart',
];

/** What people bring from `Transport.KAFKA`, and where it went. @internal */
export const TRANSPORT_KAFKA_HINTS: Record<string, string> = {
  run: 'how many records run at once is worker.limit and worker.concurrency, commits are worker.commit',
  send: 'the producer always waits for all in-sync replicas; compression is producer.compression',
  serializer: 'replies and sent records are encoded as JSON; send texts or buffers for anything else',
  deserializer: 'give it as worker.deserializer',
  producerOnlyMode: 'inject the producer with @InjectKafkaProducer(); without workers no group is joined',
  name: 'it stands beside useFactory: forRootAsync({ name, useFactory })',
};

/** kafkajs' `KafkaConfig`. @internal */
export const CLIENT_NAMES = [
  'brokers',
  'clientId',
  'ssl',
  'sasl',
  'connectionTimeout',
  'authenticationTimeout',
  'reauthenticationThreshold',
  'requestTimeout',
  'enforceRequestTimeout',
  'retry',
  'socketFactory',
  'logLevel',
  'logCreator',
];

/** kafkajs' `ConsumerConfig`, and how partitions are shared out. @internal */
export const CONSUMER_NAMES = [
  'groupId',
  'assignment',
  'partitionAssigners',
  'metadataMaxAge',
  'sessionTimeout',
  'rebalanceTimeout',
  'heartbeatInterval',
  'maxBytesPerPartition',
  'minBytes',
  'maxBytes',
  'maxWaitTimeInMs',
  'retry',
  'maxInFlightRequests',
  'readUncommitted',
  'rackId',
];

/** kafkajs' `ProducerConfig`, without what would take away the acknowledgement's meaning or the order. @internal */
export const PRODUCER_NAMES = ['retry', 'metadataMaxAge', 'allowAutoTopicCreation', 'compression'];

/** Options of `subscribe`. @internal */
export const SUBSCRIBE_NAMES = ['startFrom', 'fromBeginning', 'maxRewind', 'allowAutoTopicCreation'];
