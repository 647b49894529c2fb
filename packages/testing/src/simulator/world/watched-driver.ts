import type {
  Assignment,
  CommittedOffset,
  DriverConsumer,
  DriverConsumerListener,
  DriverProducer,
  DriverTransaction,
  DriverTransactionalProducer,
  KafkaDriver,
  LogRange,
  OffsetCommit,
  OutgoingRecord,
  RecordBatch,
  StartPosition,
  TopicPartition,
} from '@kafka-worker/engine';

/** Told of all that passes between one process's engine and its client, before and after. */
export interface Watcher {
  /** False: the process was killed, and nothing that it had set off goes on. */
  readonly alive: boolean;
  made(groupId: string, consumer: DriverConsumer): void;
  assigned(groupId: string, assignment: Assignment): void;
  assignedEnded(groupId: string, assignment: Assignment, starts: readonly StartPosition[]): void;
  assignedFailed(groupId: string): void;
  /** @returns what is called when the engine is through. */
  revoking(groupId: string, partitions: readonly TopicPartition[], deadlineMs: number): () => void;
  lost(groupId: string, partitions: readonly TopicPartition[]): void;
  offered(groupId: string, batch: RecordBatch): void;
  taken(groupId: string, batch: RecordBatch, taken: number): void;
  producerMade(producer: DriverTransactionalProducer): void;
  producerClosed(producer: DriverTransactionalProducer): void;
  /** @returns what to call with what came of it; undefined: it is committed. */
  transacting(transaction: DriverTransaction): (error: unknown) => void;
  /** @returns what to call when it has been acknowledged or not. */
  copying(record: OutgoingRecord): () => void;
  stateChanged(groupId: string, state: string): void;
  /** @returns what to call with what came of it; undefined: it was acknowledged. */
  committing(groupId: string, offsets: readonly OffsetCommit[]): (error: unknown) => void;
  found(groupId: string, offsets: readonly CommittedOffset[]): void;
  ranges(groupId: string, ranges: readonly LogRange[]): void;
  seeking(groupId: string, position: StartPosition): void;
  resumed(groupId: string, partitions: readonly TopicPartition[]): void;
  stopping(groupId: string): void;
  leaving(groupId: string): void;
  left(groupId: string): void;
}

/** A driver whose consumers and producers are watched. */
export function watchDriver(driver: KafkaDriver, watcher: Watcher): KafkaDriver {
  return {
    ...driver,
    createConsumer: (options) => {
      const consumer = driver.createConsumer(options);
      watcher.made(options.groupId, consumer);
      return watchConsumer(consumer, options.groupId, watcher);
    },
    createTransactionalProducer: (id) => {
      const producer = (driver.createTransactionalProducer as (id: string) => DriverTransactionalProducer)(id);
      watcher.producerMade(producer);
      return watchTransactions(producer, watcher);
    },
    createProducer: () => watchProducer(driver.createProducer(), watcher),
  };
}

function watchTransactions(producer: DriverTransactionalProducer, watcher: Watcher): DriverTransactionalProducer {
  return {
    open: () => whileAlive(watcher, producer.open()),
    transact: async (transaction) => {
      if (!watcher.alive) return never();
      const ended = watcher.transacting(transaction);
      const error = await whileAlive(
        watcher,
        producer.transact(transaction).then(
          () => undefined,
          (thrown: unknown) => thrown,
        ),
      );
      ended(error);
      if (error !== undefined) throw error;
    },
    close: async () => {
      await producer.close();
      watcher.producerClosed(producer);
    },
  };
}

function watchProducer(producer: DriverProducer, watcher: Watcher): DriverProducer {
  return {
    connect: () => producer.connect(),
    send: async (records) => {
      if (!watcher.alive) return never();
      const ended = records.map((record) => watcher.copying(record));
      const sent = await producer.send(records).then(
        (metadata) => ({ metadata, error: undefined }),
        (error: unknown) => ({ metadata: [], error }),
      );
      if (!watcher.alive) return never();
      for (const end of ended) end();
      if (sent.error !== undefined) throw sent.error;
      return sent.metadata;
    },
    close: () => producer.close(),
  };
}

function watchConsumer(consumer: DriverConsumer, groupId: string, watcher: Watcher): DriverConsumer {
  return {
    start: (listener) => (watcher.alive ? consumer.start(watchListener(listener, groupId, watcher)) : never()),
    pause: (partitions) => consumer.pause(partitions),
    resume: (partitions) => {
      watcher.resumed(groupId, partitions);
      consumer.resume(partitions);
    },
    seek: (position) => {
      watcher.seeking(groupId, position);
      consumer.seek(position);
    },
    commit: async (offsets) => {
      if (!watcher.alive) return never();
      const committed = watcher.committing(groupId, offsets);
      const error = await whileAlive(
        watcher,
        consumer.commit(offsets).then(
          () => undefined,
          (thrown: unknown) => thrown,
        ),
      );
      committed(error);
      if (error !== undefined) throw error;
    },
    committed: async (partitions) => {
      const found = await whileAlive(watcher, consumer.committed(partitions));
      watcher.found(groupId, found);
      return found;
    },
    logRanges: async (partitions) => {
      const ranges = await whileAlive(watcher, consumer.logRanges(partitions));
      watcher.ranges(groupId, ranges);
      return ranges;
    },
    stopping: () => {
      watcher.stopping(groupId);
      consumer.stopping();
    },
    stop: async () => {
      if (!watcher.alive) return never();
      watcher.leaving(groupId);
      await consumer.stop();
      watcher.left(groupId);
    },
  };
}

/** What arrives at a process that was killed meanwhile arrives nowhere. */
async function whileAlive<T>(watcher: Watcher, answer: Promise<T>): Promise<T> {
  const value = await answer;
  return watcher.alive ? value : never();
}

function never(): Promise<never> {
  return new Promise(() => undefined);
}

function watchListener(listener: DriverConsumerListener, groupId: string, watcher: Watcher): DriverConsumerListener {
  return {
    assigned: async (assignment) => {
      watcher.assigned(groupId, assignment);
      try {
        const starts = await listener.assigned(assignment);
        watcher.assignedEnded(groupId, assignment, starts);
        return starts;
      } catch (error) {
        watcher.assignedFailed(groupId);
        throw error;
      }
    },
    revoking: async (partitions, deadlineMs) => {
      const revoked = watcher.revoking(groupId, partitions, deadlineMs);
      await listener.revoking(partitions, deadlineMs);
      revoked();
    },
    lost: (partitions, cause) => {
      watcher.lost(groupId, partitions);
      listener.lost(partitions, cause);
    },
    records: (batch) => {
      watcher.offered(groupId, batch);
      const taken = listener.records(batch);
      watcher.taken(groupId, batch, taken);
      return taken;
    },
    stateChanged: (state, cause) => {
      watcher.stateChanged(groupId, state);
      listener.stateChanged(state, cause);
    },
  };
}
