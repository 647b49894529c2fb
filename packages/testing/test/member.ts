import {
  type Assignment,
  type DriverConsumer,
  type DriverConsumerListener,
  type DriverConsumerOptions,
  type DriverConsumerState,
  type KafkaDriver,
  type KafkaRecord,
  partitionKey,
  type RecordBatch,
  type StartPosition,
  type TopicPartition,
} from '@kafka-worker/engine';

/** The least an engine does for a member, with everything it was told written down. */
export class TestMember implements DriverConsumerListener {
  readonly consumer: DriverConsumer;
  /** What happened, in order, in short words. */
  readonly log: string[] = [];
  readonly received: KafkaRecord[] = [];
  readonly batches: RecordBatch[] = [];
  assignment: Assignment | undefined;
  /** Partitions held, as the engine would see it. */
  readonly held = new Map<string, TopicPartition>();
  readonly states: DriverConsumerState[] = [];

  onAssigned: (assignment: Assignment) => Promise<readonly StartPosition[]> = async ({ partitions }) => {
    const committed = await this.consumer.committed(partitions);
    const ranges = await this.consumer.logRanges(partitions);
    return committed.map(({ topic, partition, offset }, i) => {
      const last = this.received.filter((r) => r.topic === topic && r.partition === partition).at(-1);
      const kept = this.held.has(partitionKey(topic, partition)) && last ? last.offset + 1 : undefined;
      return { topic, partition, offset: kept ?? within(offset ?? 0, ranges[i]) };
    });
  };
  onRevoking: (partitions: readonly TopicPartition[]) => Promise<void> = async () => undefined;
  /** Returns how many are taken. */
  onRecords: (batch: RecordBatch) => number = (batch) => batch.records.length;

  constructor(driver: KafkaDriver, options: Partial<DriverConsumerOptions> = {}) {
    this.consumer = driver.createConsumer({ groupId: 'g', topics: ['t'], ...options });
  }

  start(): Promise<void> {
    return this.consumer.start(this);
  }

  get memberId(): string {
    return this.assignment?.memberId ?? '';
  }

  /** Numbers of the partitions of topic `t` that are held. */
  get partitions(): number[] {
    return [...this.held.values()].map((p) => p.partition).sort((a, b) => a - b);
  }

  async assigned(assignment: Assignment): Promise<readonly StartPosition[]> {
    this.assignment = assignment;
    this.log.push(`assigned ${names(assignment.partitions)}`);
    const starts = await this.onAssigned(assignment);
    this.held.clear();
    for (const p of assignment.partitions) this.held.set(partitionKey(p.topic, p.partition), p);
    return starts;
  }

  async revoking(partitions: readonly TopicPartition[]): Promise<void> {
    this.log.push(`revoking ${names(partitions)}`);
    await this.onRevoking(partitions);
    this.log.push(`revoked ${names(partitions)}`);
  }

  lost(partitions: readonly TopicPartition[]): void {
    this.log.push(`lost ${names(partitions)}`);
    for (const p of partitions) this.held.delete(partitionKey(p.topic, p.partition));
  }

  records(batch: RecordBatch): number {
    const taken = this.onRecords(batch);
    this.batches.push(batch);
    this.received.push(...batch.records.slice(0, taken));
    return taken;
  }

  stateChanged(state: DriverConsumerState): void {
    this.states.push(state);
  }

  /** Offsets received of a partition of topic `t`, in order. */
  offsets(partition = 0): number[] {
    return this.received.filter((r) => r.partition === partition).map((r) => r.offset);
  }

  commit(offset: number, partition = 0, metadata = ''): Promise<void> {
    return this.consumer.commit([{ topic: 't', partition, offset, metadata }]);
  }
}

/** Nobody starts outside of the log. */
function within(offset: number, { low, high } = { low: 0, high: 0 }): number {
  return Math.min(Math.max(offset, low), high);
}

function names(partitions: readonly TopicPartition[]): string {
  return partitions.map((p) => `${p.topic}/${p.partition}`).join(' ') || '-';
}

/** A value for each of `count` records of a partition of topic `t`. */
export function some(count: number, partition = 0): { topic: string; partition: number; value: string }[] {
  return Array.from({ length: count }, (_, i) => ({ topic: 't', partition, value: `v${i}` }));
}

/** What a promise rejects with; awaited later, it is not reported as unhandled until then. */
export function outcome(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}
