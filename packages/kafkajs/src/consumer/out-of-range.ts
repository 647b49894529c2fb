import type { KafkaWorkerError } from '@kafka-worker/engine';
import type { KafkaJSOffsetOutOfRange } from 'kafkajs';
import { ClientCrashError } from '../errors/client-crash.error.js';
import type { FetchControl } from './fetch-control.js';
import type { HeldPartition } from './held-partition.js';

/** First pause before a rejoin, doubled each time the same partition fails again. Milliseconds. */
const FIRST_DELAY_MS = 50;
const LONGEST_DELAY_MS = 30_000;
/** A partition that has been well for so long starts again at the first delay. Milliseconds. */
const FORGIVEN_MS = 60_000;

/** What becomes of a partition that cannot be read on. */
export interface OutOfRangeGate {
  find(topic: string, partition: number): HeldPartition | undefined;
  loseOne(held: HeldPartition, cause: Error): void;
  rejoin(afterMs: number): void;
}

/**
 * The position of a partition is not in the log any more: retention went past it, or the topic was made anew.
 *
 * kafkajs would COMMIT -1 or -2 without metadata then, even with autoCommit off, and jump to one of the ends. So the
 * error is caught where the fetch returns, kafkajs sees an empty response, and the partition is given up: paused,
 * reported as lost, and asked for again with a join. The engine then answers `assigned` for it as for a new one, with
 * the committed offset and the log's range in hand, and decides. Should it name the same place again the next try
 * waits longer and longer, with the error reported each time.
 */
export class OutOfRange {
  private readonly seen = new Map<string, { at: number; times: number }>();

  constructor(
    private readonly gate: OutOfRangeGate,
    private readonly control: FetchControl,
  ) {}

  met(error: KafkaJSOffsetOutOfRange): KafkaWorkerError | undefined {
    const held = this.gate.find(error.topic, error.partition);
    if (!held) return undefined;
    const cause = new ClientCrashError(
      'CLIENT_CRASHED',
      `offset ${held.fetched ?? 'committed'} of ${held.key} is not in the log any more`,
      true,
      { cause: error },
    );
    this.control.pause(held);
    this.gate.loseOne(held, cause);
    this.gate.rejoin(this.delay(held.key));
    return cause;
  }

  private delay(key: string): number {
    const now = Date.now();
    const before = this.seen.get(key);
    const times = before && now - before.at < FORGIVEN_MS ? before.times + 1 : 0;
    this.seen.set(key, { at: now, times });
    return Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** times);
  }
}
