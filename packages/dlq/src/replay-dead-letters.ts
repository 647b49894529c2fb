import {
  ConfigurationError,
  systemClock,
  type Clock,
  type ConfigurationMistake,
  type DriverConsumer,
  type KafkaDriver,
} from '@kafka-worker/engine';
import { DEFAULT_SESSION_TIMEOUT_MS, DEFAULT_SILENCE_MS } from './defaults.js';
import { replayGroupId } from './groups.js';
import { compileFilter, type DeadLetterFilter } from './letters/filter.js';
import type { BoundedReader, ReadPlan } from './reading/bounded-reader.js';
import { joinReader } from './reading/join-reader.js';
import { listReader } from './reading/list-reader.js';
import { topicEnds } from './reading/topic-ends.js';
import type { ReplayListener } from './replay/events.js';
import { ReplayRun } from './replay/replay-run.js';
import type { ReplayReport } from './replay/report.js';

/** Records of a request unless said otherwise. */
const DEFAULT_REQUEST_RECORDS = 100;

/** Options of {@link replayDeadLetters}. */
export interface ReplayDeadLettersOptions {
  readonly driver: KafkaDriver;
  /** The dead-letter topic. */
  readonly topic: string;
  /** Default: everything. */
  readonly filter?: DeadLetterFilter;
  /** True: sends and commits nothing, and reports what a replay would do. Default true. */
  readonly dryRun?: boolean;
  /** No more than this are sent. Default: no bound. */
  readonly limit?: number;
  /** Everything goes to this topic instead of its origin, foreign records too. Default: each to its origin. */
  readonly to?: string;
  /** Also what has been replayed before. Default false. */
  readonly again?: boolean;
  /** Default: no bound. */
  readonly ratePerSecond?: number;
  /**
   * Records that are sent together, noted in one commit, and followed by the next: as many may come twice where the
   * process is killed. Default 100.
   */
  readonly requestRecords?: number;
  /** Aborted: the request under way is finished and noted, then it is over. */
  readonly signal?: AbortSignal;
  readonly onProgress?: ReplayListener;
  /** How long nothing has to come until an end that holds no record counts as reached. Milliseconds. Default 5,000. */
  readonly silenceMs?: number;
  /** Session timeout of the group member that reads. Milliseconds. Default 10,000. */
  readonly sessionTimeoutMs?: number;
  readonly clock?: Clock;
}

/**
 * Sends the dead letters of a topic, up to the end it has now, back to where they came from: the same bytes and
 * headers, without those that say where they came from, and with `kafka-worker-replayed-from`. What was sent stands in
 * the committed offset and metadata of the group `<topic>.replay`, and is not sent again by a later run.
 * @throws ConfigurationError for options that cannot be meant; KafkaWorkerError TOPIC_MISSING, CONNECTION, and what
 * else the driver fails with before the run begins. What fails later is in the report.
 */
export async function replayDeadLetters(options: ReplayDeadLettersOptions): Promise<ReplayReport> {
  const { driver, topic, filter = {}, dryRun = true, signal } = options;
  const matches = compileFilter(filter);
  const mistakes = mistakesOf(options);
  if (mistakes.length > 0) throw new ConfigurationError(mistakes);
  const clock = options.clock ?? systemClock;
  const admin = driver.createAdmin();
  const producer = dryRun ? undefined : driver.createProducer();
  let reader: BoundedReader | undefined;
  try {
    await admin.connect();
    const ends = await topicEnds(admin, topic);
    await producer?.connect();
    const run = new ReplayRun({
      topic,
      filter,
      matches,
      ends,
      admin,
      producer,
      to: options.to,
      again: options.again ?? false,
      limit: options.limit ?? Infinity,
      requestRecords: options.requestRecords ?? DEFAULT_REQUEST_RECORDS,
      ratePerSecond: options.ratePerSecond,
      clock,
      listener: options.onProgress,
      signal,
    });
    if (signal?.aborted) return run.report('stopped');
    if (ends.every(({ low, high }) => low === high)) return run.report('complete');
    let consumer: DriverConsumer | undefined;
    const join = {
      driver,
      topic,
      clock,
      silenceMs: options.silenceMs ?? DEFAULT_SILENCE_MS,
      sessionTimeoutMs: options.sessionTimeoutMs ?? DEFAULT_SESSION_TIMEOUT_MS,
      signal,
      plan: (made: DriverConsumer): ReadPlan => run.plan((consumer = made)),
    };
    reader = await (dryRun ? listReader(join, ends.length) : joinReader(join, replayGroupId(topic)));
    return await run.go(reader, dryRun ? undefined : consumer);
  } finally {
    await reader?.stop();
    await producer?.close();
    await admin.close();
  }
}

function mistakesOf(options: ReplayDeadLettersOptions): ConfigurationMistake[] {
  const mistakes: ConfigurationMistake[] = [];
  const note = (option: string, message: string): void => void mistakes.push({ where: 'replay', option, message });
  for (const option of ['limit', 'requestRecords'] as const) {
    const value = options[option];
    if (value !== undefined && (!Number.isInteger(value) || value < 1)) {
      note(option, `${value} is not allowed; a whole number of 1 or more is`);
    }
  }
  const { ratePerSecond, to, topic } = options;
  if (ratePerSecond !== undefined && !(ratePerSecond > 0 && Number.isFinite(ratePerSecond))) {
    note('ratePerSecond', `${ratePerSecond} is not allowed; a number above 0 is`);
  }
  if (to === topic) note('to', `${topic} is the dead-letter topic itself`);
  return mistakes;
}
