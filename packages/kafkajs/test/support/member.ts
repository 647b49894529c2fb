import {
  partitionKey,
  type Assignment,
  type DriverConsumer,
  type DriverConsumerListener,
  type DriverConsumerOptions,
  type DriverConsumerState,
  type KafkaRecord,
  type RecordBatch,
  type StartPosition,
  type TopicPartition,
} from '@kafka-worker/engine';
import type { KafkajsDriver } from '../../src/index.js';

/** A small engine: takes records up to a limit, knows its positions, and writes down what it is told. */
export class Member implements DriverConsumerListener {
  readonly consumer: DriverConsumer;
  readonly taken: KafkaRecord[] = [];
  readonly assignments: Assignment[] = [];
  readonly revokes: { readonly partitions: readonly TopicPartition[]; readonly deadlineMs: number }[] = [];
  readonly losses: { readonly partitions: readonly TopicPartition[]; readonly cause: Error }[] = [];
  readonly states: { readonly state: DriverConsumerState; readonly cause: Error | undefined }[] = [];
  /** What happened, in order. */
  readonly log: string[] = [];
  /** Next offset per held partition, as an engine's intake would know it. */
  readonly positions = new Map<string, number>();

  /** How many records of a batch are taken. */
  room: (batch: RecordBatch) => number = (batch) => batch.records.length;
  onRevoking: (partitions: readonly TopicPartition[], deadlineMs: number) => Promise<void> = async () => undefined;
  onAssigned: (assignment: Assignment) => Promise<void> = async () => undefined;
  /** Where a partition without a known position starts. */
  startOf: (partition: TopicPartition) => Promise<number> = (partition) => this.committedOrStart(partition);

  constructor(
    driver: KafkajsDriver,
    readonly name: string,
    options: DriverConsumerOptions,
  ) {
    this.consumer = driver.createConsumer({ sessionTimeoutMs: 6000, rebalanceTimeoutMs: 20_000, ...options });
  }

  start(): Promise<void> {
    return this.consumer.start(this);
  }

  get owned(): readonly number[] {
    return (this.assignments.at(-1)?.partitions ?? []).map(({ partition }) => partition).sort();
  }

  get joins(): number {
    return this.states.filter(({ state }) => state === 'joined').length;
  }

  offsets(partition: number): number[] {
    return this.taken.filter((record) => record.partition === partition).map(({ offset }) => offset);
  }

  async assigned(assignment: Assignment): Promise<readonly StartPosition[]> {
    this.log.push('assigned');
    this.assignments.push(assignment);
    const keys = new Set(assignment.partitions.map(({ topic, partition }) => partitionKey(topic, partition)));
    for (const key of this.positions.keys()) if (!keys.has(key)) this.positions.delete(key);
    await this.onAssigned(assignment);
    const positions: StartPosition[] = [];
    for (const { topic, partition } of assignment.partitions) {
      const key = partitionKey(topic, partition);
      const offset = this.positions.get(key) ?? (await this.startOf({ topic, partition }));
      this.positions.set(key, offset);
      positions.push({ topic, partition, offset });
    }
    this.log.push('positions');
    return positions;
  }

  async revoking(partitions: readonly TopicPartition[], deadlineMs: number): Promise<void> {
    this.log.push('revoking');
    this.revokes.push({ partitions, deadlineMs });
    await this.onRevoking(partitions, deadlineMs);
    this.log.push('revoked');
  }

  lost(partitions: readonly TopicPartition[], cause: Error): void {
    this.log.push('lost');
    this.losses.push({ partitions, cause });
    for (const { topic, partition } of partitions) this.positions.delete(partitionKey(topic, partition));
  }

  records(batch: RecordBatch): number {
    const taken = Math.min(batch.records.length, this.room(batch));
    if (this.log.at(-1) !== 'records') this.log.push('records');
    for (let i = 0; i < taken; i++) this.taken.push(batch.records[i] as KafkaRecord);
    const last = batch.records[taken - 1];
    if (last) this.positions.set(partitionKey(batch.topic, batch.partition), last.offset + 1);
    return taken;
  }

  stateChanged(state: DriverConsumerState, cause?: Error): void {
    this.states.push({ state, cause });
  }

  /** Commits the positions of everything held. */
  commitPositions(metadata = ''): Promise<void> {
    const held = this.assignments.at(-1)?.partitions ?? [];
    return this.consumer.commit(
      held.map(({ topic, partition }) => ({
        topic,
        partition,
        offset: this.positions.get(partitionKey(topic, partition)) ?? 0,
        metadata,
      })),
    );
  }

  private async committedOrStart(partition: TopicPartition): Promise<number> {
    const [committed] = await this.consumer.committed([partition]);
    return committed?.offset ?? 0;
  }
}
