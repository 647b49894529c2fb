/** No way to get a Kafka on this machine. The message says what to install. */
export class KafkaUnavailableError extends Error {
  override readonly name = 'KafkaUnavailableError';

  constructor(detail?: string) {
    super(
      [
        'No Kafka available for tests, demo or benches.',
        ...(detail === undefined ? [] : [detail]),
        'One of these is needed:',
        '  - Java 17 or newer and Maven on the PATH (JAVA_HOME is honoured): the jars are fetched once;',
        '  - a Docker engine with the compose plugin;',
        '  - a running cluster: KAFKA_BROKERS=host:port[,host:port]',
      ].join('\n'),
    );
  }
}

/** A cluster did not come up, did not come back or did not do what it was told in time. The message ends with its log. */
export class KafkaClusterError extends Error {
  override readonly name = 'KafkaClusterError';
}

/** Asked to kill, stop, start or suspend a broker of a cluster that somebody else runs (KAFKA_BROKERS). */
export class NotOurBrokerError extends Error {
  override readonly name = 'NotOurBrokerError';

  constructor(action: string, brokerId: number) {
    super(
      `Cannot ${action} broker ${brokerId}: the cluster in KAFKA_BROKERS is not ours. ` +
        'Unset KAFKA_BROKERS, or use startCluster(), for a cluster whose brokers may be killed.',
    );
  }
}
