import net from 'node:net';
import { testBrokers, type ClusterTools } from '@app/kafka-cluster';
import { realTime, type ConformanceSubject } from '@kafka-worker/testing/conformance';
import { KafkajsDriver, type AssignmentStrategy } from '../../src/index.js';

/** Shorter than most brokers allow: the cluster of a test run does. With brokers that were given, their default. */
const SESSION_TIMEOUT_MS = process.env['KAFKA_BROKERS'] === undefined ? 3000 : 6000;

/** What the driver is asked about: as it is made, and where every join revokes everything. */
export const CONFIGURATIONS: readonly { readonly name: string; readonly assignment?: AssignmentStrategy }[] = [
  { name: 'kafkajs' },
  { name: 'kafkajs, eager', assignment: 'round-robin' },
];

/** The driver on the brokers of the test run. `tools` makes what the cases need beside it. */
export function kafkajsSubject(
  { name, ...options }: (typeof CONFIGURATIONS)[number],
  tools: () => ClusterTools,
): ConformanceSubject {
  const make = () => {
    const sockets: net.Socket[] = [];
    const driver = new KafkajsDriver({
      ...options,
      client: {
        clientId: 'conformance',
        brokers: async () => testBrokers(),
        socketFactory: ({ host, port, onConnect }) => {
          const socket = net.connect({ host, port }, onConnect);
          sockets.push(socket);
          return socket;
        },
      },
    });
    return { driver, connections: () => sockets.filter((socket) => !socket.destroyed).length };
  };
  return {
    name,
    capabilities: make().driver.capabilities,
    open: () => {
      const { driver, connections } = make();
      return {
        driver,
        cluster: { ...tools(), connections },
        time: realTime(),
        sessionTimeoutMs: SESSION_TIMEOUT_MS,
      };
    },
  };
}
