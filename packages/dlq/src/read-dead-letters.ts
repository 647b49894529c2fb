import { systemClock, type Clock, type DriverConsumer, type KafkaDriver } from '@kafka-worker/engine';
import { DEFAULT_SESSION_TIMEOUT_MS, DEFAULT_SILENCE_MS } from './defaults.js';
import { toDeadLetter, type DeadLetter, type DeadLetterPayload } from './letters/dead-letter.js';
import { compileFilter, type DeadLetterFilter } from './letters/filter.js';
import type { BoundedReader, ReadPlan } from './reading/bounded-reader.js';
import { listReader } from './reading/list-reader.js';
import { spanOf, topicEnds } from './reading/topic-ends.js';
import { storedReplays } from './replay/stored.js';

/** Options of {@link readDeadLetters}. */
export interface ReadDeadLettersOptions {
  readonly driver: KafkaDriver;
  /** The dead-letter topic. */
  readonly topic: string;
  /** Default: everything. */
  readonly filter?: DeadLetterFilter;
  /** No more than this. Default: no bound. */
  readonly limit?: number;
  /** Key, value and headers come along. Default false: they are what users sent. */
  readonly values?: boolean;
  /** Ends it: what was not given out yet is not. */
  readonly signal?: AbortSignal;
  /** How long nothing has to come until an end that holds no record counts as reached. Milliseconds. Default 5,000. */
  readonly silenceMs?: number;
  /** Session timeout of the group member that reads. Milliseconds. Default 10,000. */
  readonly sessionTimeoutMs?: number;
  readonly clock?: Clock;
}

/** A dead letter of a listing. */
export interface ListedDeadLetter extends DeadLetter {
  /** A replay has sent it already. */
  readonly replayed: boolean;
  /** Where `values` was asked for. */
  readonly payload: DeadLetterPayload | undefined;
}

/**
 * The dead letters of a topic, up to the end it has now, in the order in which the records were given up on. Reads as
 * a member of the group `<topic>.list`, commits nothing, and closes everything when the loop over it ends.
 * @throws ConfigurationError for a filter that cannot be meant; KafkaWorkerError TOPIC_MISSING, CONNECTION, and what
 * else the driver fails with.
 */
export async function* readDeadLetters(
  options: ReadDeadLettersOptions,
): AsyncGenerator<ListedDeadLetter, void, undefined> {
  const { driver, topic, filter = {}, limit = Infinity, values = false, signal } = options;
  const matches = compileFilter(filter);
  const admin = driver.createAdmin();
  let reader: BoundedReader | undefined;
  try {
    await admin.connect();
    const ends = await topicEnds(admin, topic);
    if (ends.every(({ low, high }) => low === high) || signal?.aborted) return;
    const replays = await storedReplays(admin, topic, ends);
    const given = new Map<number, number>();
    const join = {
      driver,
      topic,
      clock: options.clock ?? systemClock,
      silenceMs: options.silenceMs ?? DEFAULT_SILENCE_MS,
      sessionTimeoutMs: options.sessionTimeoutMs ?? DEFAULT_SESSION_TIMEOUT_MS,
      signal,
      plan: (consumer: DriverConsumer): ReadPlan => ({
        open: async (partitions) =>
          (await consumer.logRanges(partitions)).map((range) => {
            const span = spanOf(range, ends[range.partition]?.high ?? 0, filter);
            // What comes back after a loss goes on behind what was given out.
            return { ...span, from: Math.max(span.from, given.get(range.partition) ?? 0) };
          }),
        find: (record) => {
          const letter = toDeadLetter(record);
          return matches(letter, record) ? { record, letter } : undefined;
        },
        progressed: () => undefined,
      }),
    };
    reader = await listReader(join, ends.length);
    for (let count = 0; count < limit && (await reader.ready(signal)) === 'records';) {
      const found = reader.take();
      if (found === undefined) continue;
      count++;
      given.set(found.record.partition, found.record.offset + 1);
      const { key, value, headers, partition, offset } = found.record;
      yield {
        ...found.letter,
        replayed: replays[partition]?.replayed.has(offset) ?? false,
        payload: values ? { key, value, headers } : undefined,
      };
    }
  } finally {
    await reader?.stop();
    await admin.close();
  }
}
