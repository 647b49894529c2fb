import {
  KafkaWorkerError,
  type DriverAdmin,
  type LogRange,
  type PartitionSnapshot,
  type StartPosition,
  type Target,
} from '@kafka-worker/engine';
import { Injectable } from '@nestjs/common';
import type { CommandAnswer, DrainAnswer, LimitAnswer, SeekAnswer, SoughtAnswer, StandingsAnswer } from './answers.js';
import { ClusterAdmins } from './cluster-admins.js';
import { Directory, partitionsOf, type FoundWorker } from './directory.js';
import { kindOf, ProblemError } from './problem.js';
import { timeOf, type BodyOf, type KafkaWorkerCommand, type SeekTo } from './requests.js';
import { wrong } from './shape.js';
import { connectionView } from './views.js';

/** Commands that change how partitions stand. @internal */
export type StandingCommand = 'pause' | 'resume' | 'freeze' | 'unfreeze';

/** Carries commands out, on what this process holds. @internal */
@Injectable()
export class Commands {
  constructor(
    private readonly directory: Directory,
    private readonly admins: ClusterAdmins,
  ) {}

  /** @throws ProblemError unknown-target, not-running, validation */
  stand(
    command: StandingCommand,
    id: string,
    connection: string | undefined,
    body: Partial<BodyOf<'unfreeze'>>,
  ): StandingsAnswer {
    const found = this.#running(id, connection);
    const { runtime } = found.connection;
    const target: Target = { worker: found.worker.id, ...placeOf(body) };
    // a pause of a whole worker holds for partitions that come later, so that it needs none now
    const whole = body.topic === undefined && (command === 'pause' || command === 'resume');
    if (!whole) this.#held(found, body);
    if (command === 'unfreeze') runtime.unfreeze(target, { skip: body.skip ?? false });
    else runtime[command](target);
    const after = this.directory.worker(found.worker.id, found.connection.name);
    return { ...head(command, found), partitions: matching(after, body).map(standing) };
  }

  /** @throws ProblemError unknown-target, not-running, conflict, validation */
  limit(id: string, connection: string | undefined, { limit }: BodyOf<'limit'>): LimitAnswer {
    const found = this.#running(id, connection);
    found.connection.runtime.setLimit({ worker: found.worker.id }, limit);
    return { ...head('limit', found), limit, before: found.worker.limit };
  }

  /**
   * One partition after the other, and commits each.
   * @throws ProblemError unknown-target, not-running, conflict, validation, broker-away; where some have been moved before,
   * it names them
   */
  async seek(id: string, connection: string | undefined, body: BodyOf<'seek'>): Promise<SeekAnswer> {
    const found = this.#running(id, connection);
    const held = this.#held(found, body);
    const positions = await this.admins.ask(found.connection, (admin) => positionsOf(admin, held, body.to));
    const sought: SoughtAnswer[] = [];
    for (const { topic, partition, offset } of positions) {
      const from = held.find((one) => one.topic === topic && one.partition === partition)?.frontier ?? offset;
      try {
        await found.connection.runtime.seek({ worker: found.worker.id, topic, partition }, offset);
      } catch (error) {
        throw this.#failedSeek(error, found, sought);
      }
      sought.push({ topic, partition, from, to: offset });
    }
    return { ...head('seek', found), partitions: sought };
  }

  /** Begins, and does not wait: everything that runs would be waited for. */
  drain(connection: string | undefined): DrainAnswer {
    const connections = this.directory.connections(connection);
    for (const { runtime } of connections) void runtime.drain();
    return { command: 'drain', connections: connections.map(connectionView) };
  }

  #running(id: string, connection: string | undefined): FoundWorker {
    const found = this.directory.worker(id, connection);
    const { name, state } = found.connection;
    if (state === 'RUNNING') return found;
    throw new ProblemError('not-running', `connection '${name}' is ${state}`);
  }

  /** What a command is for, if there is something. */
  #held(found: FoundWorker, place: Place): PartitionSnapshot[] {
    const matches = matching(found, place);
    if (matches.length > 0) return matches;
    const exists = partitionsOf(found).map(({ topic, partition }) => `${topic}/${partition}`);
    const { topic, partition } = place;
    const what =
      topic === undefined ? 'partition' : partition === undefined ? `of topic '${topic}'` : `'${topic}/${partition}'`;
    const detail = `${found.worker.id} holds no ${what === 'partition' ? what : `partition ${what}`} in this process`;
    throw new ProblemError('unknown-target', detail, { exists });
  }

  #failedSeek(error: unknown, { connection }: FoundWorker, sought: readonly SoughtAnswer[]): unknown {
    const found = kindOf(error);
    if (found === undefined || !KafkaWorkerError.is(error)) return error;
    // it was held when we looked: a rebalance, or a log that was cut, came between
    const kind = found === 'unknown-target' && connection.state === 'RUNNING' ? 'conflict' : found;
    const extras = { code: error.code, ...(sought.length > 0 && { sought }) };
    return new ProblemError(kind, error.message, extras, { cause: error });
  }
}

type Place = { readonly topic?: string | undefined; readonly partition?: number | undefined };

function placeOf({ topic, partition }: Place): Target {
  return { ...(topic !== undefined && { topic }), ...(partition !== undefined && { partition }) };
}

function matching(found: FoundWorker, { topic, partition }: Place): PartitionSnapshot[] {
  return partitionsOf(found).filter(
    (one) => (topic ?? one.topic) === one.topic && (partition ?? one.partition) === one.partition,
  );
}

function standing({ topic, partition, paused, frozen }: PartitionSnapshot) {
  return { topic, partition, paused, frozen: frozen.length };
}

function head(command: KafkaWorkerCommand, { connection, worker }: FoundWorker): CommandAnswer {
  return { command, connection: connection.name, worker: worker.id, groupId: worker.groupId };
}

/** Where each partition is to go on. @throws ProblemError validation for an offset that is not in the log */
async function positionsOf(
  admin: DriverAdmin,
  held: readonly PartitionSnapshot[],
  to: SeekTo,
): Promise<StartPosition[]> {
  const topics = [...new Set(held.map(({ topic }) => topic))];
  const found = (await Promise.all(topics.map((topic) => offsetsOf(admin, topic, to)))).flat();
  return held.flatMap(({ topic, partition }) => {
    const position = found.find((one) => one.topic === topic && one.partition === partition);
    return position === undefined ? [] : [toPosition(position, to)];
  });
}

async function offsetsOf(admin: DriverAdmin, topic: string, to: SeekTo): Promise<(StartPosition | LogRange)[]> {
  if (typeof to === 'object' && 'timestamp' in to) return admin.offsetsAt(topic, timeOf(to.timestamp) as number);
  return admin.logRanges(topic);
}

function toPosition(found: StartPosition | LogRange, to: SeekTo): StartPosition {
  if ('offset' in found) return found;
  const { topic, partition, low, high } = found;
  if (to === 'beginning') return { topic, partition, offset: low };
  if (to === 'end') return { topic, partition, offset: high };
  const { offset } = to as { readonly offset: number };
  if (offset >= low && offset <= high) return { topic, partition, offset };
  const allowed = `what is in the log of ${topic}/${partition}, ${low} to ${high},`;
  throw ProblemError.mistakes([wrong('body', 'to.offset', offset, allowed)]);
}
