import { brokerProperties } from './broker-properties.js';
import type { ClusterOptions } from './options.js';

/** The image's tag is the version in pom.xml. */
const IMAGE = 'apache/kafka:4.3.1';
const CLUSTER_ID = 'kafka-worker-cluster-0';

/** Where a client inside the compose network finds broker `id`. */
export const innerAddress = (id: number): string => `${serviceName(id)}:19092`;
export const serviceName = (id: number): string => `kafka-${id}`;

/**
 * A compose file, as JSON, for as many brokers as there are `ports` on the host.
 *
 * NOT RUN YET: the machine this was written on has no Docker engine. It follows the image's documented interface:
 * every KAFKA_ variable is a broker setting (upper case, `_` for `.`), CLUSTER_ID formats the data directory.
 */
export function composeFile(ports: readonly number[], options: Required<ClusterOptions>): string {
  const ids = ports.map((_, index) => index + 1);
  const voters = ids.map((id) => `${id}@${serviceName(id)}:9093`).join(',');
  const services = ids.map((id): [string, object] => {
    const port = String(ports[id - 1]);
    const own = {
      'node.id': String(id),
      // Inside a container every interface; outside only the published port, on the loopback interface.
      listeners: 'CONTROLLER://:9093,INTERNAL://:19092,EXTERNAL://:9092',
      'advertised.listeners': `INTERNAL://${innerAddress(id)},EXTERNAL://127.0.0.1:${port}`,
      'listener.security.protocol.map': 'CONTROLLER:PLAINTEXT,INTERNAL:PLAINTEXT,EXTERNAL:PLAINTEXT',
      'inter.broker.listener.name': 'INTERNAL',
      'controller.quorum.voters': voters,
    };
    const properties = brokerProperties(own, ports.length, options.properties);
    const service = {
      image: IMAGE,
      hostname: serviceName(id),
      ports: [`127.0.0.1:${port}:9092`],
      environment: {
        CLUSTER_ID,
        KAFKA_HEAP_OPTS: `-Xmx${options.heapMb}m`,
        KAFKA_JVM_PERFORMANCE_OPTS: options.jvmOptions.join(' '),
        ...Object.fromEntries(Object.entries(properties).map(([key, value]) => [variable(key), value])),
      },
    };
    return [serviceName(id), service];
  });
  return JSON.stringify({ services: Object.fromEntries(services) }, undefined, 2);
}

/** The environment variable for a broker setting: a dash is three underscores, an underscore two, a dot one. */
function variable(key: string): string {
  return `KAFKA_${key.replaceAll('_', '__').replaceAll('-', '___').replaceAll('.', '_').toUpperCase()}`;
}
