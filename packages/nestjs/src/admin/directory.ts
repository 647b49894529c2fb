import type { GroupSnapshot, PartitionSnapshot, WorkerSnapshot } from '@kafka-worker/engine';
import { Injectable } from '@nestjs/common';
import type { KafkaWorkerConnection } from '../runtime/connection.js';
import { KafkaWorkerHost } from '../runtime/kafka-worker.host.js';
import type { KafkaWorkerInfo } from '../runtime/kafka-worker.runtime.js';
import { inOrder } from './partition-order.js';
import { ProblemError } from './problem.js';
import { missing } from './shape.js';

/** A worker where it runs. @internal */
export interface FoundWorker {
  readonly connection: KafkaWorkerConnection;
  readonly group: GroupSnapshot;
  readonly worker: WorkerSnapshot;
  readonly info: KafkaWorkerInfo | undefined;
}

/** A group this process is a member of. @internal */
export interface FoundGroup {
  readonly connection: KafkaWorkerConnection;
  readonly group: GroupSnapshot;
}

/** Finds what a request names, among all connections of the application. @internal */
@Injectable()
export class Directory {
  constructor(private readonly host: KafkaWorkerHost) {}

  /** All, or the one of that name. @throws ProblemError unknown-target */
  connections(name?: string): readonly KafkaWorkerConnection[] {
    const { connections } = this.host;
    if (name === undefined) return connections;
    const named = connections.filter((connection) => connection.name === name);
    if (named.length > 0) return named;
    const exists = connections.map((connection) => connection.name);
    throw new ProblemError('unknown-target', `there is no connection '${name}'`, { exists });
  }

  groups(connection?: string): FoundGroup[] {
    return this.connections(connection).flatMap((connection) =>
      connection.runtime.inspect().groups.map((group) => ({
        connection,
        group: { ...group, partitions: inOrder(group.partitions) },
      })),
    );
  }

  workers(connection?: string): FoundWorker[] {
    return this.groups(connection).flatMap(({ connection, group }) =>
      group.workers.map((worker) => ({
        connection,
        group,
        worker,
        info: connection.runtime.workers.find(({ id }) => id === worker.id),
      })),
    );
  }

  /**
   * The one worker of that id, `Class#method` or `Class.method`.
   * @throws ProblemError unknown-target with those there are; validation where several connections have it; not-running
   * where a connection that may have it has not been started.
   */
  worker(id: string, connection?: string): FoundWorker {
    const workers = this.workers(connection);
    const found = workers.filter(({ worker }) => isNamed(worker.id, id));
    if (found.length > 0) return only(found, `worker ${id}`);
    const idle = this.connections(connection).filter(({ isStarted }) => !isStarted);
    if (idle.length > 0) throw notStarted(idle);
    const exists = workers.map(({ worker }) => worker.id);
    throw new ProblemError('unknown-target', `there is no worker '${id}'`, { exists });
  }
}

/** Partitions that a worker holds in this process. @internal */
export function partitionsOf({ group, worker }: Pick<FoundWorker, 'group' | 'worker'>): PartitionSnapshot[] {
  return group.partitions.filter((partition) => partition.worker === worker.id);
}

/** `#` begins the fragment of a URL, so that a dot in its place is easier to ask for. @internal */
export function isNamed(id: string, asked: string): boolean {
  return id === asked || id.replace('#', '.') === asked;
}

/** The one there is. @throws ProblemError validation, which asks for the connection, where there are several. @internal */
export function only<T extends { readonly connection: KafkaWorkerConnection }>(found: readonly T[], what: string): T {
  const [first, ...others] = found;
  if (first !== undefined && others.length === 0) return first;
  const names = found.map(({ connection }) => `'${connection.name}'`).join(' or ');
  throw ProblemError.mistakes([missing('query', 'connection', `one of those that have ${what}, ${names},`)]);
}

function notStarted(connections: readonly KafkaWorkerConnection[]): ProblemError {
  const names = connections.map(({ name }) => `'${name}'`).join(', ');
  return new ProblemError('not-running', `the workers of connection ${names} have not been started`);
}
