import { type ClusterServer, FakeClock, InMemoryCluster, remoteDriver, serveCluster } from '../../src/index.js';
import {
  type ConformanceCluster,
  type ConformanceSubject,
  realTime,
  virtualTime,
} from '../../src/conformance/index.js';

/** What the suite does to an in-memory cluster beside its driver. */
function besides(cluster: InMemoryCluster): ConformanceCluster {
  return {
    createTopic: async (topic, partitions) => cluster.createTopic(topic, partitions),
    produce: async (records) => void cluster.produce(records),
    leaveGap: async ({ topic, partition }) => cluster.skipOffsets(topic, partition, 3),
    deleteRecordsBefore: async ({ topic, partition }, offset) => cluster.deleteRecordsBefore(topic, partition, offset),
    expel: async (_groupId, memberId) => cluster.expireSession(memberId),
    passGeneration: async (groupId) => cluster.faults.fenceGeneration(groupId),
    storedOffset: async (groupId, { topic, partition }) => cluster.committed(groupId, topic, partition)?.offset,
    leaveOpen: async (transactionalId, { records, groupId, offsets }) => {
      const transaction = cluster.beginTransaction(transactionalId);
      transaction.produce(records);
      transaction.commitOffsets(groupId, offsets);
    },
    connections: () => cluster.consumers().length,
  };
}

/** The in-memory driver in virtual time, with messages that take time. */
export function inMemory(name: string, incrementalRebalance: boolean): ConformanceSubject {
  const make = () => {
    const clock = new FakeClock();
    const cluster = new InMemoryCluster({ clock, latencyMs: 1, heartbeatIntervalMs: 20 });
    return { clock, cluster, driver: cluster.driver({ incrementalRebalance }) };
  };
  return {
    name,
    capabilities: make().driver.capabilities,
    open: () => {
      const { clock, cluster, driver } = make();
      return { driver, cluster: besides(cluster), time: virtualTime(clock), sessionTimeoutMs: 10_000 };
    },
  };
}

/** The remote driver on a cluster that is served by this process, in real time: its sessions are short. */
export function remote(name: string, incrementalRebalance: boolean): ConformanceSubject {
  return {
    name,
    capabilities: remoteDriver({ port: 1, incrementalRebalance }).capabilities,
    open: async () => {
      const cluster = new InMemoryCluster({ heartbeatIntervalMs: 5 });
      const server: ClusterServer = await serveCluster(cluster);
      return {
        driver: remoteDriver({ port: server.port, incrementalRebalance }),
        cluster: besides(cluster),
        time: realTime(),
        sessionTimeoutMs: 400,
        close: () => server.close(),
      };
    },
  };
}
