import type { DriverConsumer, DriverConsumerListener, KafkaDriver } from '@kafka-worker/engine';
import { now } from './clock.js';
import type { HandOverEvent } from './events.js';

/** The same driver; what it hands to the engine and asks back is told on the way. */
export function watchedDriver(driver: KafkaDriver, tell: (event: HandOverEvent) => void): KafkaDriver {
  return {
    name: driver.name,
    capabilities: driver.capabilities,
    createConsumer: (options) => watchedConsumer(driver.createConsumer(options), tell),
    createProducer: () => driver.createProducer(),
    createAdmin: () => driver.createAdmin(),
  };
}

function watchedConsumer(consumer: DriverConsumer, tell: (event: HandOverEvent) => void): DriverConsumer {
  return {
    start: (listener) => consumer.start(watchedListener(listener, tell)),
    pause: (partitions) => consumer.pause(partitions),
    resume: (partitions) => consumer.resume(partitions),
    seek: (position) => consumer.seek(position),
    commit: (offsets) => consumer.commit(offsets),
    committed: (partitions) => consumer.committed(partitions),
    logRanges: (partitions) => consumer.logRanges(partitions),
    stopping: () => consumer.stopping(),
    stop: () => consumer.stop(),
  };
}

function watchedListener(
  listener: DriverConsumerListener,
  tell: (event: HandOverEvent) => void,
): DriverConsumerListener {
  const asked = (partitions: readonly { readonly partition: number }[]): void =>
    tell({ type: 'asked', at: now(), partitions: partitions.map(({ partition }) => partition) });
  return {
    assigned: (assignment) => listener.assigned(assignment),
    revoking: (partitions, deadlineMs) => {
      asked(partitions);
      return listener.revoking(partitions, deadlineMs);
    },
    lost: (partitions, cause) => {
      asked(partitions);
      listener.lost(partitions, cause);
    },
    records: (batch) => {
      const { partition, records } = batch;
      tell({ type: 'handed', at: now(), partition, offset: records[0]?.offset ?? -1, records: records.length });
      return listener.records(batch);
    },
    stateChanged: (state, cause) => listener.stateChanged(state, cause),
  };
}
