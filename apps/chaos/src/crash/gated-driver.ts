import type {
  DriverConsumer,
  DriverConsumerListener,
  DriverTransactionalProducer,
  KafkaDriver,
  OffsetCommit,
  TopicPartition,
} from '@kafka-worker/engine';
import type { Gate } from './gate.js';

/** What of a driver is gated beside the membership. */
export interface GatedCalls {
  /** Commits of offsets are what settles records. */
  readonly commits: boolean;
}

/** The same driver, with a gate at every step between broker and engine. */
export function gatedDriver(driver: KafkaDriver, gate: Gate, calls: GatedCalls): KafkaDriver {
  return {
    name: driver.name,
    capabilities: driver.capabilities,
    createConsumer: (options) => gatedConsumer(driver.createConsumer(options), gate, calls),
    createProducer: () => driver.createProducer(),
    createTransactionalProducer: (id) => gatedProducer(transactions(driver, id), gate),
    createAdmin: () => driver.createAdmin(),
  };
}

function gatedConsumer(consumer: DriverConsumer, gate: Gate, { commits }: GatedCalls): DriverConsumer {
  return {
    start: (listener) => consumer.start(gatedListener(listener, gate)),
    pause: (partitions) => consumer.pause(partitions),
    resume: (partitions) => consumer.resume(partitions),
    seek: (position) => consumer.seek(position),
    commit: async (offsets) => {
      if (!commits) return consumer.commit(offsets);
      await gate.pass('commit', upTo(offsets));
      await consumer.commit(offsets);
      await gate.pass('committed', upTo(offsets));
    },
    committed: (partitions) => consumer.committed(partitions),
    logRanges: (partitions) => consumer.logRanges(partitions),
    stopping: () => consumer.stopping(),
    stop: () => consumer.stop(),
  };
}

function gatedListener(listener: DriverConsumerListener, gate: Gate): DriverConsumerListener {
  return {
    assigned: async (assignment) => {
      await gate.pass('assigning', names(assignment.partitions));
      const positions = await listener.assigned(assignment);
      await gate.pass('assigned', names(assignment.partitions));
      return positions;
    },
    revoking: async (partitions, deadlineMs) => {
      await gate.pass('revoking', names(partitions));
      await listener.revoking(partitions, deadlineMs);
      await gate.pass('revoked', names(partitions));
    },
    lost: (partitions, cause) => listener.lost(partitions, cause),
    records: (batch) => {
      // None is taken: the driver keeps them, and the engine has never heard of them.
      const held = gate.hold('records', `${batch.partition}/${batch.records[0]?.offset ?? '?'}`);
      return held === undefined ? listener.records(batch) : 0;
    },
    stateChanged: (state, cause) => listener.stateChanged(state, cause),
  };
}

function gatedProducer(producer: DriverTransactionalProducer, gate: Gate): DriverTransactionalProducer {
  return {
    open: () => producer.open(),
    transact: async (transaction) => {
      await gate.pass('commit', upTo(transaction.offsets));
      await producer.transact(transaction);
      await gate.pass('committed', upTo(transaction.offsets));
    },
    close: () => producer.close(),
  };
}

function transactions(driver: KafkaDriver, id: string): DriverTransactionalProducer {
  const producer = driver.createTransactionalProducer?.(id);
  if (producer === undefined) throw new Error(`${driver.name} has no transactions`);
  return producer;
}

function names(partitions: readonly TopicPartition[]): string {
  return partitions.map(({ partition }) => partition).join(' ');
}

function upTo(offsets: readonly OffsetCommit[]): string {
  return offsets.map(({ partition, offset }) => `${partition}/${offset}`).join(' ');
}
