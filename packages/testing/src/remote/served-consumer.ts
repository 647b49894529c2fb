import {
  type DriverConsumerListener,
  partitionKey,
  type RecordBatch,
  type StartPosition,
  type TopicPartition,
} from '@kafka-worker/engine';
import type { InMemoryConsumer } from '../client/consumer.js';
import type { Peer } from './peer.js';
import { type ConsumerClientCalls, type ConsumerServerCalls, type PartitionEpoch, WINDOW_RECORDS } from './protocol.js';
import { toWireError } from './wire-error.js';

/** How much of a partition is under way to the remote consumer. */
interface Flow {
  epoch: number;
  /** Sent in this epoch and not taken yet. Invariant: 0 … WINDOW_RECORDS. */
  outstanding: number;
}

/** The server's end of a remote consumer: the member lives here, the engine over there. */
export class ServedConsumer {
  /** Invariant: one entry per partition of the last `assigned` that was answered. */
  readonly #flows = new Map<string, Flow>();

  constructor(
    private readonly consumer: InMemoryConsumer,
    private readonly peer: Peer<ConsumerClientCalls>,
  ) {
    peer.serve<ConsumerServerCalls>({
      start: () => consumer.start(this.#listener()),
      commit: (memberId, generation, offsets) => consumer.commitUnder(memberId, generation, offsets),
      committed: (partitions) => consumer.committed(partitions),
      logRanges: (partitions) => consumer.logRanges(partitions),
      describeGroup: () => consumer.describeGroup(),
      seek: (position, epoch) => this.#seek(position, epoch),
      taken: (partition, count) => this.#taken(partition, count),
      stopping: () => consumer.stopping(),
      stop: () => consumer.stop(),
    });
  }

  /** The process at the other end is gone. Harmless after `stop`. */
  disconnected(): void {
    this.consumer.crash();
  }

  #listener(): DriverConsumerListener {
    const { peer } = this;
    return {
      assigned: async (assignment) => {
        const { starts, epochs } = await peer.call('assigned', assignment);
        this.#flows.clear();
        for (const { topic, partition, epoch } of epochs) {
          this.#flows.set(partitionKey(topic, partition), { epoch, outstanding: 0 });
        }
        // A partition that was full waits for its `taken`, which the new epoch has made void.
        this.consumer.resume(epochs);
        return starts;
      },
      revoking: async (partitions, deadlineMs) => {
        // A connection that breaks is a crash, which ends the membership by itself.
        await peer.call('revoking', partitions, deadlineMs, this.consumer.generation).catch(() => undefined);
      },
      lost: (partitions, cause) => peer.notify('lost', partitions, toWireError(cause)),
      records: (batch) => this.#send(batch),
      stateChanged: (state, cause) => peer.notify('stateChanged', state, ...(cause ? [toWireError(cause)] : [])),
    };
  }

  #send(batch: RecordBatch): number {
    const flow = this.#flow(batch);
    if (!flow) return 0;
    const records = batch.records.slice(0, WINDOW_RECORDS - flow.outstanding);
    if (records.length === 0) return 0;
    flow.outstanding += records.length;
    this.peer.notify('records', { ...batch, records }, flow.epoch);
    return records.length;
  }

  #taken(partition: PartitionEpoch, count: number): void {
    const flow = this.#flow(partition);
    if (!flow || flow.epoch !== partition.epoch) return;
    flow.outstanding -= count;
    if (flow.outstanding <= WINDOW_RECORDS / 2) this.consumer.resume([partition]);
  }

  #seek(position: StartPosition, epoch: number): void {
    const flow = this.#flow(position);
    if (!flow) return;
    flow.epoch = epoch;
    flow.outstanding = 0;
    this.consumer.seek(position);
    this.consumer.resume([position]);
  }

  #flow({ topic, partition }: TopicPartition): Flow | undefined {
    return this.#flows.get(partitionKey(topic, partition));
  }
}
