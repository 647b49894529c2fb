import { withAdmin } from './cluster-client.js';
import { ClusterAdmin } from './cluster-admin.js';
import { KafkaClusterError } from './errors.js';
import type { KafkaCluster, LeaderMove } from './kafka-cluster.js';
import { hasCompiler } from './java.js';
import { poll } from './waiting.js';

/** For the new leaders to be seen by clients. */
const MOVE_MS = 30_000;

interface PartitionLeader {
  readonly partition: number;
  readonly leader: number;
  readonly replicas: readonly number[];
  readonly isr: readonly number[];
}

/** Moves leaders by making another replica the preferred one and asking for a preferred leader election. */
export class LeaderMover {
  #admin: Promise<ClusterAdmin | undefined> | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(private readonly cluster: Pick<KafkaCluster, 'bootstrap' | 'runTool'>) {}

  /** See KafkaCluster.moveLeaders. Calls wait for each other. */
  async move(topic: string): Promise<LeaderMove[]> {
    const moved = this.#last.then(() => this.#move(topic));
    this.#last = moved.catch(() => undefined);
    return moved;
  }

  /** Ends the helper JVM, if there is one. */
  async close(): Promise<void> {
    (await this.#admin?.catch(() => undefined))?.close();
  }

  async #move(topic: string): Promise<LeaderMove[]> {
    const before = await this.#leaders(topic);
    const moves = before.map((partition) => ({ ...partition, to: nextLeader(topic, partition) }));
    await withAdmin(this.cluster.bootstrap, (admin) =>
      admin.alterPartitionReassignments({
        topics: [
          {
            topic,
            // The same replicas in another order: nothing is copied, only the preferred leader changes.
            partitionAssignment: moves.map(({ partition, replicas, to }) => ({
              partition,
              replicas: [to, ...replicas.filter((replica) => replica !== to)],
            })),
          },
        ],
      }),
    );
    await this.#elect(topic, moves.length);
    await poll(`new leaders of ${topic}`, MOVE_MS, async () => {
      const now = new Map((await this.#leaders(topic)).map(({ partition, leader }) => [partition, leader]));
      return moves.every(({ partition, to }) => now.get(partition) === to) || undefined;
    });
    return moves.map(({ partition, leader, to }) => ({ partition, from: leader, to }));
  }

  async #elect(topic: string, partitions: number): Promise<void> {
    this.#admin ??= hasCompiler().then((yes) => (yes ? ClusterAdmin.start(this.cluster.bootstrap) : undefined));
    const admin = await this.#admin;
    if (admin !== undefined) return admin.electPreferredLeaders(topic, partitions);
    // No JDK, hence no running from source: the tool does the same, a JVM for each partition.
    for (let partition = 0; partition < partitions; partition += 1) {
      const args = ['--election-type', 'preferred', '--topic', topic, '--partition', String(partition)];
      const { stdout, stderr, code } = await this.cluster.runTool('org.apache.kafka.tools.LeaderElectionCommand', args);
      if (code !== 0) throw new KafkaClusterError(`Leader election for ${topic}: ${stdout}${stderr}`);
    }
  }

  async #leaders(topic: string): Promise<PartitionLeader[]> {
    const { topics } = await withAdmin(this.cluster.bootstrap, (admin) =>
      admin.fetchTopicMetadata({ topics: [topic] }),
    );
    const partitions = topics[0]?.partitions ?? [];
    return partitions.map(({ partitionId, leader, replicas, isr }) => ({
      partition: partitionId,
      leader,
      replicas,
      isr,
    }));
  }
}

/** The replica in sync that follows the leader in the replica list, as in a ring. */
function nextLeader(topic: string, { partition, leader, replicas, isr }: PartitionLeader): number {
  const at = replicas.indexOf(leader);
  const ring = [...replicas.slice(at + 1), ...replicas.slice(0, Math.max(at, 0))];
  const next = ring.find((replica) => replica !== leader && isr.includes(replica));
  if (next === undefined) {
    throw new KafkaClusterError(`${topic}/${partition}: no replica in sync beside the leader ${leader}`);
  }
  return next;
}
