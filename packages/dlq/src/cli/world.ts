import type { Clock, KafkaDriver } from '@kafka-worker/engine';
import type { KafkajsDriverOptions } from '@kafka-worker/kafkajs';

/** What the command reads and writes outside of itself. */
export interface World {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  /** Aborted: finish what is under way and end. */
  readonly signal: AbortSignal;
  /** Writes a line for whoever asked. Resolves when there is room for the next. */
  readonly out: (line: string) => Promise<void> | void;
  /** Writes a line for whoever watches. */
  readonly err: (line: string) => void;
  readonly driver: (options: KafkajsDriverOptions) => KafkaDriver;
}
