import type { DriverConsumer, KafkaDriver, OffsetCommit } from '../../src/index.js';
import { decodeDoneMap } from '../../src/offsets/done-map.js';
import type { OffsetRange } from '../../src/offsets/ranges.js';
import type { InMemoryCluster } from '@kafka-worker/testing';

/** Says whether a record may be given up: by what a test knows, not by what the engine thinks. */
export type IsSettled = (topic: string, partition: number, offset: number) => boolean;

/**
 * Looks at every commit at the moment in which the engine sends it: nothing below the offset and nothing that the map
 * names may be unsettled.
 */
export function checkCommits(
  driver: KafkaDriver,
  cluster: InMemoryCluster,
  isSettled: IsSettled,
  violations: string[],
): KafkaDriver {
  const check = ({ topic, partition, offset, metadata }: OffsetCommit): void => {
    const { low, high } = cluster.range(topic, partition);
    if (offset > high) violations.push(`${topic}/${partition}: committed ${offset}, the log ends at ${high}`);
    const map = decodeDoneMap(metadata, offset, high);
    if (!map.ok) violations.push(`${topic}/${partition}: map of ${offset} is refused, ${map.reason}`);
    const done = [{ from: low, to: offset }, ...(map.ok ? map.ranges : [])];
    let at = 0;
    for (const record of cluster.records(topic, partition)) {
      while (at < done.length && (done[at] as OffsetRange).to <= record.offset) at++;
      const range = done[at];
      if (range === undefined) return;
      if (record.offset >= range.from && !isSettled(topic, partition, record.offset)) {
        violations.push(`${topic}/${partition}: commit of ${offset} gives ${record.offset} up, which is not settled`);
      }
    }
  };
  return {
    ...driver,
    createConsumer: (options) => {
      const consumer = driver.createConsumer(options);
      return watched(consumer, (offsets) => offsets.forEach(check));
    },
  };
}

function watched(consumer: DriverConsumer, onCommit: (offsets: readonly OffsetCommit[]) => void): DriverConsumer {
  return new Proxy(consumer, {
    get(target, name) {
      if (name === 'commit') {
        return (offsets: readonly OffsetCommit[]) => {
          onCommit(offsets);
          return target.commit(offsets);
        };
      }
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}
