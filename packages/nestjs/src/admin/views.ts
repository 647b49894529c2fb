import { createHash } from 'node:crypto';
import type { GroupSnapshot, PartitionSnapshot } from '@kafka-worker/engine';
import { Inject, Injectable } from '@nestjs/common';
import type { KafkaWorkerConnection } from '../runtime/connection.js';
import { ADMIN_SETTINGS, type AdminSettings, type ShownKeys } from './admin-options.js';
import type {
  ConnectionAnswer,
  MembershipAnswer,
  OwnGroupAnswer,
  PartitionAnswer,
  WorkerAnswer,
  WorkerDetailAnswer,
} from './answers.js';
import { partitionsOf, type FoundGroup, type FoundWorker } from './directory.js';

const HIDDEN = '(hidden)';
const HASH_DIGITS = 16;

/** What this process knows by itself, as answers: keys and errors as the options say, nothing undefined. @internal */
@Injectable()
export class Views {
  readonly #key: (key: string | null) => string | null;
  readonly #error: (error: string) => string;

  constructor(@Inject(ADMIN_SETTINGS) { keys, errors }: AdminSettings) {
    this.#key = keyView(keys);
    this.#error = errors === 'shown' ? (error) => error : (error) => (error === '' ? '' : HIDDEN);
  }

  partition(connection: string, { groupId }: GroupSnapshot, partition: PartitionSnapshot): PartitionAnswer {
    const { committed, heldBy, runningRecords, frozen, ...rest } = partition;
    const masked = <T extends { readonly key: string | null; readonly error?: string }>(of: T): T => ({
      ...of,
      key: this.#key(of.key),
      ...(of.error !== undefined && { error: this.#error(of.error) }),
    });
    return {
      connection,
      groupId,
      ...rest,
      committed: committed ?? null,
      ...(heldBy && { heldBy: masked(heldBy) }),
      runningRecords: runningRecords.map(masked),
      frozen: frozen.map(masked),
    };
  }

  worker(found: FoundWorker): WorkerAnswer {
    const { connection, worker, info } = found;
    const held = partitionsOf(found);
    const lag = held.reduce((sum, partition) => sum + partition.lag, 0);
    return { connection: connection.name, via: info?.via ?? 'discovery', ...worker, held: held.length, lag };
  }

  workerDetail(found: FoundWorker): WorkerDetailAnswer {
    const { connection, group } = found;
    const partitions = partitionsOf(found).map((partition) => this.partition(connection.name, group, partition));
    return { ...this.worker(found), partitions };
  }

  group({ connection, group }: FoundGroup): OwnGroupAnswer {
    const { partitions } = group;
    return {
      groupId: group.groupId,
      connection: connection.name,
      ...membership(group),
      workers: group.workers.map(({ id }) => id),
      partitions: partitions.length,
      lag: partitions.reduce((sum, { lag }) => sum + lag, 0),
      frozen: partitions.filter(({ frozen }) => frozen.length > 0).length,
      paused: partitions.filter(({ paused }) => paused).length,
    };
  }
}

/** @internal */
export function membership({ state, memberId, generation, protocol, lastRebalance, error }: GroupSnapshot) {
  return {
    state,
    memberId,
    generation,
    protocol: protocol ?? null,
    lastRebalance: lastRebalance ?? null,
    error: error ?? null,
  } satisfies MembershipAnswer;
}

/** @internal */
export function connectionView({ name, runtime }: KafkaWorkerConnection): ConnectionAnswer {
  const { state, driver, running } = runtime.inspect();
  return { name, state, driver, running };
}

function keyView(keys: ShownKeys): (key: string | null) => string | null {
  switch (keys) {
    case 'shown':
      return (key) => key;
    case 'hidden':
      return (key) => (key === null ? null : HIDDEN);
    case 'hashed':
      return (key) => (key === null ? null : `sha256:${sha256(key)}`);
  }
}

function sha256(key: string): string {
  return createHash('sha256').update(key).digest('hex').slice(0, HASH_DIGITS);
}
