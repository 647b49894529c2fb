import {
  CommitError,
  type CommittedOffset,
  type DrainCause,
  type DriverConsumer,
  type DriverTransaction,
  type DriverTransactionalProducer,
  type LogRange,
  type OffsetCommit,
  type OutgoingRecord,
  partitionKey,
  type StartPosition,
  type StorePartition,
  type StorePosition,
} from '@kafka-worker/engine';
import type { InMemoryConsumer } from '../../client/consumer.js';
import type { InMemoryTransactionalProducer } from '../../client/transactional-producer.js';
import { checkCommit } from '../model/commit-check.js';
import { checkDrained } from '../model/drain-check.js';
import { HeldPartition } from '../model/held-partition.js';
import { keyOf, numberOf } from '../model/names.js';
import { readStoredMap, type Span } from '../model/stored-map.js';
import { groupName, ofRetryTopic, topicName, type WorkerSpec } from '../scenario/scenario.js';
import { copyOf } from './copies.js';
import { describeCommits, names } from './describe.js';
import type { SimProcess } from './sim-process.js';
import type { Watcher } from './watched-driver.js';

/** The last commit of a shutdown is not waited for any longer. Milliseconds. */
const LAST_COMMIT_MS = 2_000;

/** The commits of one group's member. */
interface CommitRecord {
  /** What the one under way holds. */
  underWay: readonly HeldPartition[] | undefined;
  /** Signs of life under way: commits that say what is stored already. */
  signs: number;
  /** How many have failed so far. */
  failed: number;
  /** The last one has failed, and another try can mend it. */
  canRetry: boolean;
}

/** A drain under way. */
interface DrainBegin {
  readonly cause: DrainCause;
  readonly since: number;
  readonly partitions: readonly HeldPartition[];
  /** Commits that had failed before. */
  readonly failed: number;
}

/** Stands between one process's engine and its client, and tells the model of all that passes. */
export class ClientWatch implements Watcher {
  /** By group; closed ones too. */
  readonly consumers = new Map<number, InMemoryConsumer>();
  readonly #found = new Map<string, CommittedOffset>();
  readonly #ranges = new Map<string, LogRange>();
  readonly #drains = new Map<string, DrainBegin>();
  readonly #commits = new Map<number, CommitRecord>();
  /** Positions that a store has given with partitions which have not begun yet. */
  readonly #claims = new Map<string, StorePosition | undefined>();
  readonly #producers = new Set<DriverTransactionalProducer>();
  readonly #transacting = new Set<HeldPartition>();
  /** Generation of the last assignment, by group. */
  readonly #generations = new Map<number, number>();
  /** Of the partition whose records are being offered. */
  #positionBefore = 0;

  constructor(readonly process: SimProcess) {}

  get alive(): boolean {
    return this.process.alive;
  }

  made(groupId: string, consumer: DriverConsumer): void {
    const group = numberOf(groupId);
    if (this.consumers.size === 0) this.process.model.begun();
    this.consumers.set(group, consumer as InMemoryConsumer);
    this.#commits.set(group, { underWay: undefined, signs: 0, failed: 0, canRetry: false });
  }

  found(groupId: string, offsets: readonly CommittedOffset[]): void {
    for (const offset of offsets) this.#found.set(this.#key(groupId, offset), offset);
  }

  ranges(groupId: string, ranges: readonly LogRange[]): void {
    for (const range of ranges) this.#ranges.set(this.#key(groupId, range), range);
  }

  /** The group has come to a generation, and left it behind, in which this process was given nothing. */
  hasMissedOne(group: number): boolean {
    const { generation } = this.process.world.cluster.group(groupName(group));
    return generation > (this.#generations.get(group) ?? generation) + 1;
  }

  assigned(...[groupId, { partitions, generation }]: Parameters<Watcher['assigned']>): void {
    this.#generations.set(numberOf(groupId), generation);
    this.process.world.history.note(this.process.name, () => `is assigned ${names(partitions)} of ${groupId}`);
    this.process.model.assigned(numberOf(groupId), partitions);
  }

  assignedEnded(...[groupId, { partitions }, starts]: Parameters<Watcher['assignedEnded']>): void {
    const group = numberOf(groupId);
    if (!this.process.alive || this.process.model.left.has(group)) return;
    const lost = this.process.model.assigning.get(group) ?? new Set();
    const fresh = partitions
      .filter(
        (partition) =>
          !this.process.model.held.has(this.#key(groupId, partition)) && !lost.has(this.#key(groupId, partition)),
      )
      .map((partition) => this.#begin(groupId, partition.topic, partition.partition, starts));
    this.process.model.assignedEnded(
      group,
      fresh,
      starts.filter((start) => !lost.has(this.#key(groupId, start))),
    );
    this.process.world.history.note(
      this.process.name,
      () =>
        `starts at ${starts.map((s) => `${partitionKey(s.topic, s.partition)}:${s.offset}`).join(' ')} of ${groupId}`,
    );
  }

  assignedFailed(groupId: string): void {
    this.process.model.assigning.delete(numberOf(groupId));
  }

  /** A new partition has to start where the group's stored offset and the log say. */
  #begin(
    groupId: string,
    topic: string,
    partition: number,
    starts: Parameters<Watcher['assignedEnded']>[2],
  ): HeldPartition {
    const key = this.#key(groupId, { topic, partition });
    const stored = this.#found.get(key);
    const claim = this.#claims.get(key);
    this.#claims.delete(key);
    const { low, high } = this.#ranges.get(key) ?? { low: 0, high: 0 };
    let expected = low;
    let restored: readonly Span[] = [];
    if (claim !== undefined) {
      expected = Math.max(claim.offset, low);
      restored = claim.done;
    } else if (stored?.offset !== undefined && stored.offset <= high) {
      expected = Math.max(stored.offset, low);
      restored = readStoredMap(stored.metadata, stored.offset) ?? [];
    }
    const told = starts.find((start) => start.topic === topic && start.partition === partition)?.offset;
    this.process.world.violations.expect(
      told === expected,
      'no-loss',
      () => `${this.process.name} starts ${key} at ${told}; stored is ${stored?.offset}, the log is [${low}, ${high})`,
    );
    const group = numberOf(groupId);
    const number = numberOf(topic);
    const source = ofRetryTopic(number)?.topic ?? number;
    const workerIndex = this.process.world.scenario.workers.findIndex(
      (worker) => worker.group === group && worker.topic === source,
    );
    const worker = this.process.world.scenario.workers[workerIndex] as WorkerSpec;
    const log = this.process.world.log(number, partition);
    return new HeldPartition(group, number, partition, workerIndex, worker, log, expected, restored);
  }

  revoking(...[groupId, partitions, deadlineMs]: Parameters<Watcher['revoking']>): () => void {
    const { process } = this;
    process.world.history.note(process.name, () => `is to give back ${names(partitions)} of ${groupId}`);
    const leaving = this.#heldOf(groupId, partitions);
    const drain = this.#drainBegins(groupId, 'rebalance', leaving);
    process.model.revoking(leaving);
    return () => {
      if (!process.alive || process.model.leaving.has(numberOf(groupId))) return;
      process.world.history.note(process.name, () => `is ready to give back ${names(partitions)} of ${groupId}`);
      const { strategy, drainMs } = process.world.scenario.engine;
      const budgetMs = strategy === 'drain' ? Math.min(deadlineMs, drainMs ?? deadlineMs * 0.9) : 0;
      this.#checkDrained(groupId, drain, budgetMs);
    };
  }

  #drainBegins(groupId: string, cause: DrainCause, partitions: readonly HeldPartition[]): DrainBegin {
    const { failed } = this.#commitsOf(groupId);
    const drain = { cause, since: this.process.world.now(), partitions, failed };
    this.#drains.set(`${groupId} ${cause}`, drain);
    return drain;
  }

  #checkDrained(groupId: string, began: DrainBegin, budgetMs: number): void {
    const { cause } = began;
    const { underWay, signs, failed, canRetry } = this.#commitsOf(groupId);
    // an answer that nobody waits for any more: partitions were lost meanwhile, and the next join has begun its own
    if (this.#drains.get(`${groupId} ${cause}`) !== began) return;
    // lost meanwhile, or already part of the next assignment: this drain is not what lets them go
    const partitions = began.partitions.filter(
      ({ dead, draining }) => !dead && (cause === 'shutdown' || draining === 'revoking'),
    );
    if (partitions.length === 0) return;
    const inTime = this.process.world.now() - began.since < LAST_COMMIT_MS;
    const gaveUp =
      failed - began.failed === 1 &&
      canRetry &&
      underWay === undefined &&
      inTime &&
      this.process.believed(numberOf(groupId));
    this.process.world.violations.expect(
      !gaveUp,
      'drain',
      () => `${this.process.name} lets its partitions go after one commit that could have been sent again`,
    );
    checkDrained(this.process.model, partitions, {
      since: began.since,
      budgetMs,
      commitsWork:
        underWay === undefined &&
        signs === 0 && // no commit goes out beside one
        // one that takes its time holds up those of the whole group: a round of commits ends before the next begins
        ![...this.#transacting].some(({ group }) => group === numberOf(groupId)) &&
        !partitions.some(({ standing }) => standing) &&
        failed === began.failed &&
        !this.process.mayBeExpelled,
      mapsMayBeLost: this.process.world.mapsMayBeLost,
      stored: (partition) =>
        partition.acknowledged ??
        this.process.world.cluster.committed(
          groupName(partition.group),
          topicName(partition.topic),
          partition.partition,
        ),
    });
  }

  /** A store has given a partition to this process. */
  claimed(partition: StorePartition, position: StorePosition | undefined): void {
    this.#claims.set(this.#key(partition.groupId, partition), position);
    const at = position === undefined ? 'an unknown place' : position.offset;
    this.process.world.history.note(
      this.process.name,
      () => `claims ${partitionKey(partition.topic, partition.partition)} of ${partition.groupId} at ${at}`,
    );
  }

  /** The engine has taken a partition over once more, and goes on where it is. */
  renewed(groupId: string, topic: string, partition: number, offset: number): void {
    this.process.model.renewed(this.#begin(groupId, topic, partition, [{ topic, partition, offset }]));
  }

  producerMade(producer: DriverTransactionalProducer): void {
    this.#producers.add(producer);
  }

  producerClosed(producer: DriverTransactionalProducer): void {
    this.#producers.delete(producer);
  }

  openProducers(): InMemoryTransactionalProducer[] {
    return [...this.#producers] as InMemoryTransactionalProducer[];
  }

  transacting({ groupId, offsets, records }: DriverTransaction): (error: unknown) => void {
    const { process } = this;
    const what = (): string => `${describeCommits(offsets)} of ${groupId} with ${records.length} records`;
    process.world.history.note(process.name, () => `transacts ${what()}`);
    checkCommit(process.model, numberOf(groupId), offsets, process.world.mapsMayBeLost);
    const partitions = this.#heldOf(groupId, offsets);
    const sent = new Map(partitions.map((partition) => [partition, partition.unsent]));
    for (const partition of partitions) {
      const alone = !this.#transacting.has(partition);
      process.world.violations.expect(alone, 'safety', () => `${process.name} transacts ${what()} beside another one`);
      this.#transacting.add(partition);
    }
    return (error) => {
      const how = error === undefined ? 'committed' : `failed: ${String(error)}`;
      process.world.history.note(process.name, () => `transaction of ${what()} ${how}`);
      for (const partition of partitions) {
        this.#transacting.delete(partition);
        if (error === undefined) {
          partition.acknowledged = offsets[0];
          partition.unsent -= sent.get(partition) ?? 0;
          continue;
        }
        this.#commitsOf(groupId).failed++;
        partition.acknowledged = undefined; // what is stored will say
        partition.notCommitted(process.world.now());
        partition.sent = undefined; // what was sent may count for nothing
      }
    };
  }

  lost(...[groupId, partitions]: Parameters<Watcher['lost']>): void {
    this.process.world.history.note(this.process.name, () => `has lost ${names(partitions)} of ${groupId}`);
    for (const partition of partitions)
      this.process.model.assigning.get(numberOf(groupId))?.add(this.#key(groupId, partition));
    for (const partition of this.#heldOf(groupId, partitions)) this.process.model.lose(partition);
  }

  offered(...[groupId, batch]: Parameters<Watcher['offered']>): void {
    this.#positionBefore =
      this.process.model.find(numberOf(groupId), numberOf(batch.topic), batch.partition)?.position ?? 0;
    this.process.world.log(numberOf(batch.topic), batch.partition); // brings a retry topic's up to date
    this.process.model.offered(numberOf(groupId), batch);
  }

  taken(...[groupId, batch, taken]: Parameters<Watcher['taken']>): void {
    const offsets = batch.records.map(({ offset }) => offset);
    this.process.world.history.note(
      this.process.name,
      () => `takes ${taken} of ${partitionKey(batch.topic, batch.partition)} ${offsets.join(' ')} for ${groupId}`,
    );
    const partition = this.process.model.find(numberOf(groupId), numberOf(batch.topic), batch.partition);
    if (partition === undefined) return;
    for (const held of partition.confirm(offsets, taken, this.#positionBefore)) {
      this.process.world.violations.add(
        'bounds',
        `${this.process.name} runs ${held.record.offset} of ${partition.name}, which it did not take`,
      );
    }
    partition.refusing = taken < offsets.length;
  }

  seeking(groupId: string, position: StartPosition): void {
    for (const partition of this.#heldOf(groupId, [position])) {
      partition.cursor = position.offset;
      partition.recalled = true;
      partition.refusing = false;
    }
  }

  resumed(...[groupId, partitions]: Parameters<Watcher['resumed']>): void {
    for (const partition of this.#heldOf(groupId, partitions)) partition.refusing = false;
  }

  copying(record: OutgoingRecord): () => void {
    const copy = copyOf(record);
    const held = copy && this.process.model.copying(copy.group, copy.origin);
    this.process.world.history.note(this.process.name, () => `sends a copy of ${copy?.origin} to ${record.topic}`);
    return () => {
      if (held !== undefined) held.copiesUnderWay--;
    };
  }

  stateChanged(groupId: string, state: string): void {
    this.process.world.history.note(this.process.name, () => `is ${state} in ${groupId}`);
    if (state === 'crashed') this.process.crashed = true;
  }

  committing(...[groupId, offsets]: Parameters<Watcher['committing']>): (error: unknown) => void {
    const { process } = this;
    process.world.history.note(process.name, () => `commits ${describeCommits(offsets)} of ${groupId}`);
    // what is part of transactions is said again as it is, to be heard of
    const plain = offsets.filter((offset) => !this.#isSaidAgain(groupId, offset));
    checkCommit(process.model, numberOf(groupId), plain, process.world.mapsMayBeLost);
    const ended = plain.length > 0 ? this.#begun(groupId, plain) : this.#signBegun(groupId);
    return (error) => {
      const how = error === undefined ? 'acknowledged' : `failed: ${String(error)}`;
      process.world.history.note(process.name, () => `commit ${how} of ${groupId}`);
      ended(error);
    };
  }

  #signBegun(groupId: string): () => void {
    const commits = this.#commitsOf(groupId);
    commits.signs++;
    return () => commits.signs--;
  }

  #begun(groupId: string, offsets: readonly OffsetCommit[]): (error: unknown) => void {
    const commits = this.#commitsOf(groupId);
    this.process.world.violations.expect(
      commits.underWay === undefined,
      'safety',
      () => `${this.process.name} commits while a commit is under way`,
    );
    const partitions = this.#heldOf(groupId, offsets);
    commits.underWay = partitions;
    return (error) => {
      commits.underWay = undefined;
      commits.canRetry = error instanceof CommitError && error.canRetry;
      if (error === undefined) return;
      commits.failed++;
      const tooLarge = error instanceof CommitError && error.code === 'COMMIT_METADATA_TOO_LARGE';
      for (const partition of partitions) {
        partition.notCommitted(this.process.world.now());
        if (tooLarge) for (const held of partition.claiming) partition.unclaim(held);
      }
    };
  }

  #isSaidAgain(groupId: string, offset: OffsetCommit): boolean {
    const [partition] = this.#heldOf(groupId, [offset]);
    if (partition?.worker.delivery !== 'transactional') return false;
    const { world, name } = this.process;
    const stored = world.cluster.committed(groupId, offset.topic, offset.partition);
    const before = stored?.offset ?? 0;
    // a commit is acknowledged before its marker makes it seen; retention may have moved the start past what is stored
    const { acknowledged, start } = partition;
    const ahead = offset.offset === (acknowledged?.offset ?? start) && before < offset.offset;
    const same = stored === undefined ? offset.offset === start : before === offset.offset;
    const sought = offset.offset === start && world.groups.wasSought(this.#key(groupId, offset));
    world.violations.expect(
      same || ahead || sought || !this.process.believed(numberOf(groupId)),
      'safety',
      () => `${name} says ${describeCommits([offset])} again, and ${stored?.offset} is stored`,
    );
    return true;
  }

  stopping(groupId: string): void {
    this.process.model.stoppingSince ??= this.process.world.now();
    this.#drainBegins(groupId, 'shutdown', this.process.model.ofGroup(numberOf(groupId)));
  }

  leaving(groupId: string): void {
    this.process.world.history.note(this.process.name, () => `leaves ${groupId}`);
    this.process.model.leaving.add(numberOf(groupId));
    const { graceMs, forceMs } = this.process.world.scenario.engine;
    const drain = this.#drains.get(`${groupId} shutdown`);
    if (this.process.alive && !this.process.crashed && drain !== undefined) {
      this.#checkDrained(groupId, drain, graceMs + forceMs);
    }
  }

  left(groupId: string): void {
    const group = numberOf(groupId);
    this.process.model.left.add(group);
    for (const partition of this.process.model.ofGroup(group)) this.process.model.lose(partition);
  }

  #heldOf(groupId: string, partitions: readonly { topic: string; partition: number }[]): HeldPartition[] {
    return partitions.flatMap((partition) => this.process.model.held.get(this.#key(groupId, partition)) ?? []);
  }

  #key(groupId: string, { topic, partition }: { topic: string; partition: number }): string {
    return keyOf(numberOf(groupId), numberOf(topic), partition);
  }

  #commitsOf(groupId: string): CommitRecord {
    return this.#commits.get(numberOf(groupId)) as CommitRecord;
  }
}
