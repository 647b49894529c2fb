import net from 'node:net';
import { testBrokers, type ClusterTools } from '@app/kafka-cluster';
import { realTime, type ConformanceSubject } from '@kafka-worker/testing/conformance';
import { KafkajsDriver } from '../../src/index.js';

/** Shorter than most brokers allow: the cluster of a test run does. With brokers that were given, their default. */
const SESSION_TIMEOUT_MS = process.env['KAFKA_BROKERS'] === undefined ? 3000 : 6000;

/** The driver on the brokers of the test run. `tools` makes what the cases need beside it. */
export function kafkajsSubject(tools: () => ClusterTools): ConformanceSubject {
  const make = () => {
    const sockets: net.Socket[] = [];
    const driver = new KafkajsDriver({
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
    name: 'kafkajs',
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
