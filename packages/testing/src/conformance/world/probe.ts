import {
  type Assignment,
  type DriverConsumer,
  type DriverConsumerListener,
  type DriverConsumerState,
  type KafkaRecord,
  partitionKey,
  type RecordBatch,
  type StartPosition,
  type TopicPartition,
} from '@kafka-worker/engine';
import { Rules } from './rules.js';

/** What a member was told, by the name of the call. */
export type Told = 'assigned' | 'positions' | 'revoking' | 'revoked' | 'lost';

/**
 * A member with the least that an engine does: takes records, knows its positions, names them in each `assigned`, and
 * writes down what it is told. Cases replace what it does by the `on…` functions.
 */
export class Probe implements DriverConsumerListener {
  readonly rules: Rules;
  readonly taken: KafkaRecord[] = [];
  /** Every batch as it was offered. */
  readonly batches: RecordBatch[] = [];
  readonly assignments: Assignment[] = [];
  readonly revokes: { readonly partitions: readonly TopicPartition[]; readonly deadlineMs: number }[] = [];
  readonly losses: { readonly partitions: readonly TopicPartition[]; readonly cause: Error }[] = [];
  readonly states: DriverConsumerState[] = [];
  readonly log: Told[] = [];
  /** Next offset of each held partition. */
  readonly positions = new Map<string, number>();
  /** What is held, by what was told last; without what was asked for by `revoking`. */
  readonly held = new Map<string, TopicPartition>();

  /** How many records of a batch are taken. Default: all. */
  onRecords: (batch: RecordBatch) => number = ({ records }) => records.length;
  /** Runs in `assigned`. Default: at once. */
  onAssigned: (assignment: Assignment) => Promise<void> = async () => undefined;
  /** Runs in `revoking`. Default: commits the positions of everything held. */
  onRevoking: (partitions: readonly TopicPartition[], deadlineMs: number) => Promise<void> = async () => {
    await this.commitPositions();
  };
  /** Where a partition that is new starts; undefined leaves it to the driver. Default: committed, else 0. */
  startOf: (partition: TopicPartition) => Promise<number | undefined> = async (partition) => {
    const [committed] = await this.consumer.committed([partition]);
    return committed?.offset ?? 0;
  };
  /** Whether a partition that stays is named in `assigned`. Default: yes. */
  namesKept = true;

  constructor(
    readonly name: string,
    readonly consumer: DriverConsumer,
  ) {
    this.rules = new Rules(name);
  }

  // ---------------------------------------------------------------- what an engine calls

  start(): Promise<void> {
    this.rules.starting();
    return this.consumer.start(this);
  }

  async stop(): Promise<void> {
    await this.consumer.stop();
    this.rules.stopped();
  }

  pause(...partitions: TopicPartition[]): void {
    this.rules.paused(partitions, true);
    this.rules.during('pause', () => this.consumer.pause(partitions));
  }

  resume(...partitions: TopicPartition[]): void {
    this.rules.paused(partitions, false);
    this.rules.during('resume', () => this.consumer.resume(partitions));
  }

  seek(position: StartPosition): void {
    this.rules.sought(position);
    const key = partitionKey(position.topic, position.partition);
    if (this.positions.has(key)) this.positions.set(key, position.offset);
    this.rules.during('seek', () => this.consumer.seek(position));
  }

  commit(partition: TopicPartition, offset: number, metadata = ''): Promise<void> {
    const { topic, partition: number } = partition;
    return this.rules.during('commit', () => this.consumer.commit([{ topic, partition: number, offset, metadata }]));
  }

  /** Commits where everything stands that was held at the last `assigned`. */
  async commitPositions(metadata = ''): Promise<void> {
    const offsets = [...this.positions].map(([key, offset]) => {
      const [topic = '', partition] = key.split('/');
      return { topic, partition: Number(partition), offset, metadata };
    });
    if (offsets.length > 0) await this.consumer.commit(offsets);
  }

  // ---------------------------------------------------------------- what a case asks

  get memberId(): string {
    return this.assignments.at(-1)?.memberId ?? '';
  }

  /** Numbers of the partitions that are held, ascending. */
  get partitions(): number[] {
    return [...this.held.values()].map(({ partition }) => partition).sort((a, b) => a - b);
  }

  /** How often the member has become one. */
  get joins(): number {
    return this.log.filter((told) => told === 'positions').length;
  }

  /** Offsets taken of a partition, in order. */
  offsets({ topic, partition }: TopicPartition): number[] {
    return this.taken.filter((r) => r.topic === topic && r.partition === partition).map(({ offset }) => offset);
  }

  // ---------------------------------------------------------------- what the driver tells

  async assigned(assignment: Assignment): Promise<readonly StartPosition[]> {
    this.rules.assigned(assignment);
    this.log.push('assigned');
    this.assignments.push(assignment);
    const keys = new Map(assignment.partitions.map((p) => [partitionKey(p.topic, p.partition), p]));
    for (const key of [...this.positions.keys()]) if (!keys.has(key)) this.positions.delete(key);
    this.held.clear();
    for (const [key, partition] of keys) this.held.set(key, partition);
    await this.onAssigned(assignment);
    const positions: StartPosition[] = [];
    for (const [key, { topic, partition }] of keys) {
      const kept = this.positions.get(key);
      const offset = kept ?? (await this.startOf({ topic, partition }));
      if (offset === undefined || (kept !== undefined && !this.namesKept)) continue;
      // Lost while it was looked up.
      if (!this.held.has(key)) continue;
      this.positions.set(key, offset);
      positions.push({ topic, partition, offset });
    }
    this.log.push('positions');
    this.rules.positions(positions);
    return positions;
  }

  async revoking(partitions: readonly TopicPartition[], deadlineMs: number): Promise<void> {
    this.rules.revoking(partitions, deadlineMs);
    this.log.push('revoking');
    this.revokes.push({ partitions, deadlineMs });
    for (const { topic, partition } of partitions) this.held.delete(partitionKey(topic, partition));
    // As an engine: never rejects, whatever becomes of the last commit.
    await this.onRevoking(partitions, deadlineMs).catch(() => undefined);
    this.log.push('revoked');
  }

  lost(partitions: readonly TopicPartition[], cause: Error): void {
    this.rules.lost(partitions, cause);
    this.log.push('lost');
    this.losses.push({ partitions, cause });
    for (const { topic, partition } of partitions) {
      this.positions.delete(partitionKey(topic, partition));
      this.held.delete(partitionKey(topic, partition));
    }
  }

  records(batch: RecordBatch): number {
    return this.rules.records(batch, () => {
      this.batches.push(batch);
      const key = partitionKey(batch.topic, batch.partition);
      const before = this.positions.get(key);
      const count = Math.min(batch.records.length, this.onRecords(batch));
      this.taken.push(...batch.records.slice(0, count));
      const last = batch.records[count - 1];
      // Unless a seek has moved it meanwhile.
      if (last && this.positions.get(key) === before) this.positions.set(key, last.offset + 1);
      return count;
    });
  }

  stateChanged(state: DriverConsumerState): void {
    this.rules.state(state);
    this.states.push(state);
  }
}
