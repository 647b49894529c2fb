import {
  type Assignment,
  CommitError,
  type CommittedOffset,
  type GroupDescription,
  type DriverConsumer,
  type DriverConsumerListener,
  type DriverConsumerOptions,
  KafkaWorkerError,
  type LogRange,
  type OffsetCommit,
  partitionKey,
  type StartPosition,
  type TopicPartition,
} from '@kafka-worker/engine';
import { open, type RemoteDriverOptions } from './connect.js';
import { PartitionBuffer } from './partition-buffer.js';
import type { Peer } from './peer.js';
import type { ConsumerClientCalls, ConsumerServerCalls, RemoteStart } from './protocol.js';
import { fromWireError } from './wire-error.js';
import { withOffset } from './with-offset.js';

const MAX_BATCH = 500;

/** A consumer whose member lives in the process that serves the cluster. */
export class RemoteConsumer implements DriverConsumer {
  #peer: Peer<ConsumerServerCalls> | undefined;
  #listener: DriverConsumerListener | undefined;
  /** Of the last `assigned` or `revoking`: what commits are made under, whatever the server knows already. */
  #member: Pick<Assignment, 'memberId' | 'generation'> = { memberId: '', generation: -1 };
  /** Invariant: one per owned partition. */
  readonly #buffers = new Map<string, PartitionBuffer>();
  /** Everything was handed over, and the next `assigned` has not come. */
  #joining = false;
  #nextEpoch = 1;
  #roundScheduled = false;
  #stopped = false;
  #stop: Promise<void> | undefined;

  constructor(
    private readonly remote: RemoteDriverOptions,
    private readonly options: DriverConsumerOptions,
  ) {}

  async start(listener: DriverConsumerListener): Promise<void> {
    if (this.#listener || this.#stop) throw new KafkaWorkerError('NOT_RUNNING', 'a consumer is started once');
    this.#listener = listener;
    const peer = await open<ConsumerServerCalls>(this.remote, 'consumer', () => this.#disconnected(), {
      consumer: this.options,
    });
    // Stopped meanwhile: nobody has heard of this member.
    if (this.#stop) return peer.destroy();
    this.#peer = peer;
    peer.serve<ConsumerClientCalls>({
      assigned: (assignment) => this.#assigned(listener, assignment),
      revoking: (partitions, deadlineMs, generation) => {
        this.#member = { ...this.#member, generation };
        for (const buffer of this.#find(partitions)) buffer.held = true;
        return listener.revoking(partitions, deadlineMs).finally(() => {
          this.#joining = !(this.remote.incrementalRebalance ?? false);
        });
      },
      lost: (partitions, cause) => {
        for (const { topic, partition } of partitions) this.#buffers.delete(partitionKey(topic, partition));
        listener.lost(partitions, fromWireError(cause));
      },
      records: (batch, epoch) => {
        const [buffer] = this.#find([batch]);
        if (buffer?.epoch !== epoch) return;
        buffer.add(batch.records, batch.highWatermark);
        this.#wake();
      },
      stateChanged: (state, cause) => {
        if (cause) listener.stateChanged(state, fromWireError(cause));
        else listener.stateChanged(state);
      },
    });
    try {
      await peer.call('start');
    } catch (error) {
      this.#stopped = true;
      peer.destroy();
      throw error;
    }
  }

  pause(partitions: readonly TopicPartition[]): void {
    for (const buffer of this.#find(partitions)) buffer.paused = true;
  }

  resume(partitions: readonly TopicPartition[]): void {
    for (const buffer of this.#find(partitions)) {
      buffer.paused = false;
      buffer.full = false;
    }
    this.#wake();
  }

  seek(position: StartPosition): void {
    for (const buffer of this.#find([position])) {
      buffer.jump(position.offset, this.#nextEpoch++);
      this.#peer?.notify('seek', position, buffer.epoch);
    }
  }

  async commit(offsets: readonly OffsetCommit[]): Promise<void> {
    const { memberId, generation } = this.#member;
    if (this.#stop) throw new CommitError('COMMIT_STALE', 'the consumer has left its group');
    if (this.#joining) throw new CommitError('COMMIT_STALE', 'the group is joining anew');
    if (!this.#peer || memberId === '')
      throw new CommitError('COMMIT_STALE', 'the consumer has not joined its group yet');
    try {
      await this.#peer.call('commit', memberId, generation, offsets);
    } catch (error) {
      if (error instanceof CommitError) throw error;
      throw new CommitError('COMMIT_FAILED', 'the commit was not answered', { cause: error });
    }
  }

  committed(partitions: readonly TopicPartition[]): Promise<CommittedOffset[]> {
    return this.#connected().then(async (peer) => (await peer.call('committed', partitions)).map(withOffset));
  }

  describeGroup(): Promise<GroupDescription> {
    return this.#connected().then((peer) => peer.call('describeGroup'));
  }

  logRanges(partitions: readonly TopicPartition[]): Promise<LogRange[]> {
    return this.#connected().then((peer) => peer.call('logRanges', partitions));
  }

  stopping(): void {
    this.#peer?.notify('stopping');
  }

  stop(): Promise<void> {
    this.#stop ??= this.#leave();
    return this.#stop;
  }

  async #leave(): Promise<void> {
    this.#buffers.clear();
    try {
      await this.#peer?.call('stop');
    } catch {
      // The connection is gone, and the membership with it.
    }
    this.#stopped = true;
    this.#peer?.end();
  }

  async #assigned(listener: DriverConsumerListener, assignment: Assignment): Promise<RemoteStart> {
    this.#member = assignment;
    this.#joining = false;
    for (const buffer of this.#buffers.values()) buffer.held = true;
    const named = await listener.assigned(assignment);
    const before = new Map(this.#buffers);
    this.#buffers.clear();
    const starts: StartPosition[] = [];
    for (const { topic, partition } of assignment.partitions) {
      const key = partitionKey(topic, partition);
      const buffer = before.get(key) ?? new PartitionBuffer(topic, partition, 0);
      const start = named.find((s) => s.partition === partition && s.topic === topic);
      const offset = start?.offset ?? buffer.position;
      // What is buffered is sent again rather than matched with the new position: joins are rare.
      buffer.jump(offset, this.#nextEpoch++);
      buffer.held = false;
      this.#buffers.set(key, buffer);
      if (offset !== undefined) starts.push({ topic, partition, offset });
    }
    const epochs = [...this.#buffers.values()].map(({ topic, partition, epoch }) => ({ topic, partition, epoch }));
    return { starts, epochs };
  }

  #find(partitions: readonly TopicPartition[]): PartitionBuffer[] {
    return partitions.flatMap(({ topic, partition }) => this.#buffers.get(partitionKey(topic, partition)) ?? []);
  }

  #wake(): void {
    if (this.#roundScheduled || ![...this.#buffers.values()].some((buffer) => buffer.ready)) return;
    this.#roundScheduled = true;
    setImmediate(() => {
      this.#roundScheduled = false;
      for (const buffer of [...this.#buffers.values()]) if (buffer.ready) this.#handOver(buffer);
      this.#wake();
    });
  }

  #handOver(buffer: PartitionBuffer): void {
    const { topic, partition, epoch, highWatermark } = buffer;
    const records = buffer.offer(MAX_BATCH);
    // Set before the call, so that a `resume` made inside it stands.
    buffer.full = true;
    const taken = this.#listener?.records({ topic, partition, records, highWatermark }) ?? 0;
    if (taken >= records.length) buffer.full = false;
    // A seek inside the call has thrown these records away already.
    if (buffer.epoch !== epoch) return;
    buffer.take(taken);
    if (taken > 0) this.#peer?.notify('taken', { topic, partition, epoch }, taken);
  }

  /** The cluster's process is gone; there is nobody to join again. */
  #disconnected(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    const cause = new KafkaWorkerError('CONNECTION', 'the connection to the cluster is gone');
    const lost = [...this.#buffers.values()].map(({ topic, partition }) => ({ topic, partition }));
    this.#buffers.clear();
    if (lost.length > 0) this.#listener?.lost(lost, cause);
    this.#listener?.stateChanged('crashed', cause);
  }

  async #connected(): Promise<Peer<ConsumerServerCalls>> {
    if (!this.#peer) throw new KafkaWorkerError('NOT_RUNNING', 'the consumer has not been started');
    return this.#peer;
  }
}
