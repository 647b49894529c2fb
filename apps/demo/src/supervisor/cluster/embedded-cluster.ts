import { InMemoryCluster, serveCluster } from '@kafka-worker/testing';
import type { DemoCluster } from './demo-cluster.js';

/** The in-memory cluster, in this process; served to others where there are several members. */
export async function startEmbedded(members: number): Promise<DemoCluster> {
  const cluster = new InMemoryCluster();
  const driver = cluster.driver({ clientId: 'order-shop' });
  const server = members > 1 ? await serveCluster(cluster) : undefined;
  return {
    title: 'in-memory cluster',
    driver,
    connection: server ? { kind: 'served', port: server.port } : { kind: 'embedded', driver },
    groupId: 'order-shop',
    prefix: '',
    trim: (topic, committed) => {
      for (const { partition, offset } of committed) cluster.deleteRecordsBefore(topic, partition, offset);
    },
    close: async () => server?.close(),
  };
}
