import type { Broker, Cluster, PartitionAssigner } from 'kafkajs';
import { hideAborted, type FetchResponse } from './aborted.js';
import type { GroupBroker, JoinAnswer, MemberRequest } from './group-broker.js';

/** A fetch as kafkajs sends it. */
export type FetchRequest = Parameters<Broker['fetch']>[0];
/** A commit as kafkajs sends it. */
export type OffsetCommitRequest = Parameters<Broker['offsetCommit']>[0];

/** The points of kafkajs' consumer loop at which the driver has a say. */
export interface ClusterHooks {
  /** The consumer's own connections. Called once, while the consumer is made. */
  attached(cluster: Cluster): void;
  /** Awaited before each JoinGroup; a throw ends the membership. */
  beforeJoin(): Promise<void>;
  /** Awaited at the top of each fetch round, before kafkajs applies seeks and looks up its own offsets. */
  beforeFetch(): Promise<void>;
  /** A fetch failed: give a response to go on with, or throw. */
  fetchFailed(error: unknown, request: FetchRequest): unknown;
  /** Throws where this commit may not leave the process. */
  beforeCommit(request: OffsetCommitRequest): void;
  /** The group has made a generation, of which the member does not know its part yet. */
  joinAnswered(answer: JoinAnswer): void;
  /** The member's part, as the leader wrote it. Told before kafkajs' own `group_join`. */
  assignmentRead(memberAssignment: Buffer): void;
  /** A heartbeat or a request of a join was refused. */
  refused(error: unknown, request: MemberRequest): void;
}

/**
 * Assigners that let the driver into the consumer's own cluster object.
 *
 * kafkajs hands every assigner factory the `Cluster` of the consumer it is made for, and that object's methods are
 * public. Its consumer group awaits `findGroupCoordinator` right before it sends JoinGroup, and awaits
 * `refreshMetadataIfNecessary` as the first thing of each fetch round. The consumer's own events cannot do the same:
 * they are not awaited, and three of the ways into a join emit none before it.
 *
 * Which of the assigners the group agrees on does not matter: all of them are of one cluster, and kafkajs makes every one
 * of them before the first join. The hooks are attached once.
 */
export function gated(assigners: readonly PartitionAssigner[], hooks: ClusterHooks): PartitionAssigner[] {
  const attached = new WeakSet<Cluster>();
  return assigners.map((inner) => (config) => {
    const { cluster, groupId } = config;
    if (!attached.has(cluster)) {
      attached.add(cluster);
      attach(cluster, groupId, hooks);
    }
    return inner(config);
  });
}

function attach(cluster: Cluster, groupId: string, hooks: ClusterHooks): void {
  hooks.attached(cluster);
  const guarded = new WeakSet<Broker>();

  const findGroupCoordinator = cluster.findGroupCoordinator.bind(cluster);
  cluster.findGroupCoordinator = async (group) => {
    if (group.groupId === groupId) await hooks.beforeJoin();
    return findGroupCoordinator(group);
  };

  const refreshMetadataIfNecessary = cluster.refreshMetadataIfNecessary.bind(cluster);
  cluster.refreshMetadataIfNecessary = async () => {
    await hooks.beforeFetch();
    return refreshMetadataIfNecessary();
  };

  // kafkajs forgets a broker when its connection breaks, and crashes where that was the last one it knew. The one
  // it knew before gets it to look for them again.
  const getNodeIds = cluster.getNodeIds.bind(cluster);
  let known: number[] = [];
  cluster.getNodeIds = () => {
    const now = getNodeIds();
    if (now.length > 0) known = now;
    return known;
  };

  const findBroker = cluster.findBroker.bind(cluster);
  cluster.findBroker = async (node) => {
    const broker = await findBroker(node);
    if (!guarded.has(broker)) {
      guarded.add(broker);
      guard(broker, groupId, hooks);
      guardMember(broker as GroupBroker, groupId, hooks);
    }
    return broker;
  };
}

function guard(broker: Broker, groupId: string, hooks: ClusterHooks): void {
  const fetch = broker.fetch.bind(broker);
  broker.fetch = async (request) => {
    let response: FetchResponse;
    try {
      response = (await fetch(request)) as FetchResponse;
    } catch (error) {
      return hooks.fetchFailed(error, request);
    }
    hideAborted(response);
    return response;
  };

  const offsetCommit = broker.offsetCommit.bind(broker);
  broker.offsetCommit = async (request) => {
    if (request.groupId === groupId) hooks.beforeCommit(request);
    return (await offsetCommit(request)) as unknown;
  };
}

/** What the group says to the member: kafkajs' events tell neither the generation nor why a heartbeat was refused. */
function guardMember(broker: GroupBroker, groupId: string, hooks: ClusterHooks): void {
  const heeded = async <T>(request: MemberRequest, sent: Promise<T>, heard: (answer: T) => void): Promise<T> => {
    if (request.groupId !== groupId) return sent;
    let answer: T;
    try {
      answer = await sent;
    } catch (error) {
      hooks.refused(error, request);
      throw error;
    }
    heard(answer);
    return answer;
  };
  const joinGroup = broker.joinGroup.bind(broker);
  broker.joinGroup = (request) => heeded(request, joinGroup(request), (answer) => hooks.joinAnswered(answer));

  const syncGroup = broker.syncGroup.bind(broker);
  broker.syncGroup = (request) =>
    heeded(request, syncGroup(request), ({ memberAssignment }) => hooks.assignmentRead(memberAssignment));

  const heartbeat = broker.heartbeat.bind(broker);
  broker.heartbeat = (request) => heeded(request, heartbeat(request), () => undefined);
}
