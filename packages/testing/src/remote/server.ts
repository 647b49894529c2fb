import { createServer, type Server, type Socket } from 'node:net';
import type { KafkaDriver } from '@kafka-worker/engine';
import { InMemoryConsumer } from '../client/consumer.js';
import { InMemoryTransactionalProducer } from '../client/transactional-producer.js';
import type { InMemoryCluster } from '../cluster.js';
import { Peer } from './peer.js';
import type {
  AdminServerCalls,
  ConsumerClientCalls,
  OpenCalls,
  ProducerServerCalls,
  TransactionalProducerServerCalls,
} from './protocol.js';
import { ServedConsumer } from './served-consumer.js';

/** Where a cluster listens. */
export interface ServeOptions {
  /** Port on the loopback interface. Default 0: any that is free. */
  readonly port?: number;
  /** A unix socket instead of a port. */
  readonly path?: string;
}

/** A cluster that other processes can reach. */
export interface ClusterServer {
  /** The port, 0 where it listens on a unix socket. */
  readonly port: number;
  /** The unix socket, where it listens on one. */
  readonly path?: string;
  /** Stops listening and drops every connection: members at the other end crash. Idempotent. */
  close(): Promise<void>;
}

/**
 * Lets other processes use a cluster, by `remoteDriver`. Only this machine can reach it, and nobody is asked for a
 * password. The cluster should run in real time. A connection that drops counts as a member that dies: its session runs
 * out. Rejects where the port is taken.
 */
export async function serveCluster(cluster: InMemoryCluster, options: ServeOptions = {}): Promise<ClusterServer> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    serve(cluster, socket);
  });
  await listen(server, options);
  const address = server.address();
  let closing: Promise<void> | undefined;
  return {
    port: typeof address === 'object' && address ? address.port : 0,
    ...(options.path === undefined ? {} : { path: options.path }),
    close: () =>
      (closing ??= new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      })),
  };
}

function listen(server: Server, { port = 0, path }: ServeOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    const ready = (): void => {
      server.off('error', reject);
      resolve();
    };
    if (path === undefined) server.listen(port, '127.0.0.1', ready);
    else server.listen(path, ready);
  });
}

function serve(cluster: InMemoryCluster, socket: Socket): void {
  let closed = (): void => undefined;
  const peer = new Peer<ConsumerClientCalls>(socket, () => closed());
  peer.serve<OpenCalls>({
    open: (role, driverOptions, { consumer: consumerOptions, transactionalId } = {}) => {
      const driver = cluster.driver(driverOptions);
      if (role === 'producer') serveProducer(peer, driver);
      else if (role === 'admin') serveAdmin(peer, driver);
      else if (role === 'transactional-producer') {
        const producer =
          transactionalId === undefined ? undefined : driver.createTransactionalProducer?.(transactionalId);
        if (!(producer instanceof InMemoryTransactionalProducer)) throw new TypeError('a producer needs its id');
        serveTransactionalProducer(peer, producer);
        // What it has open stays so, as with a process that died.
        closed = () => producer.crash();
      } else {
        const consumer = consumerOptions && driver.createConsumer(consumerOptions);
        if (!(consumer instanceof InMemoryConsumer)) throw new TypeError('a consumer needs its options');
        const served = new ServedConsumer(consumer, peer);
        closed = () => served.disconnected();
      }
    },
  });
}

function serveProducer(peer: Peer<ConsumerClientCalls>, driver: KafkaDriver): void {
  const producer = driver.createProducer();
  peer.serve<ProducerServerCalls>({
    connect: () => producer.connect(),
    send: (records) => producer.send(records),
    close: () => producer.close(),
  });
}

function serveTransactionalProducer(peer: Peer<ConsumerClientCalls>, producer: InMemoryTransactionalProducer): void {
  peer.serve<TransactionalProducerServerCalls>({
    open: () => producer.open(),
    transact: (transaction) => producer.transact(transaction),
    close: () => producer.close(),
  });
}

function serveAdmin(peer: Peer<ConsumerClientCalls>, driver: KafkaDriver): void {
  const admin = driver.createAdmin();
  peer.serve<AdminServerCalls>({
    connect: () => admin.connect(),
    listTopics: () => admin.listTopics(),
    partitions: (topics) => admin.partitions(topics),
    createTopics: (topics) => admin.createTopics(topics),
    logRanges: (topic) => admin.logRanges(topic),
    offsetsAt: (topic, timestamp) => admin.offsetsAt(topic, timestamp),
    committed: (groupId, topics) => admin.committed(groupId, topics),
    listGroups: () => admin.listGroups(),
    describeGroup: (groupId) => admin.describeGroup(groupId),
    close: () => admin.close(),
  });
}
