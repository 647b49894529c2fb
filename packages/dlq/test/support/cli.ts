import type { KafkajsDriverOptions } from '@kafka-worker/kafkajs';
import { runCommand } from '../../src/cli/run-command.js';
import type { ExitCode } from '../../src/cli/exit-codes.js';
import type { DlqWorld } from './world.js';

/** What a command line did. */
export interface CliResult {
  readonly code: ExitCode;
  readonly out: string[];
  readonly err: string[];
  /** What the driver was made with; undefined where it came to none. */
  readonly driver: KafkajsDriverOptions | undefined;
}

/** What a test gives to a command line beside its words. */
export interface CliSetup {
  readonly env?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  /** Told of each line of stdout. */
  readonly onOut?: (line: string) => void;
}

/** Runs a command line on the cluster in memory. */
export function cli(world: DlqWorld, line: readonly string[], setup: CliSetup = {}): Promise<CliResult> {
  const out: string[] = [];
  const err: string[] = [];
  let made: KafkajsDriverOptions | undefined;
  const running = runCommand(line, {
    env: setup.env ?? { KAFKA_BROKERS: 'in-memory:1' },
    clock: world.clock,
    signal: setup.signal ?? new AbortController().signal,
    out: (text) => {
      out.push(text);
      setup.onOut?.(text);
    },
    err: (text) => err.push(text),
    driver: (options) => {
      made = options;
      return world.cluster.driver();
    },
  });
  return moved(
    world,
    running.then((code) => ({ code, out, err, driver: made })),
  );
}

/** As `FakeClock.runUntil`, for what waits for files too. */
async function moved<T>(world: DlqWorld, promise: Promise<T>): Promise<T> {
  let settled = false;
  const note = (): void => void (settled = true);
  promise.then(note, note);
  while (!settled) {
    const { clock } = world;
    await clock.advance((clock.nextAt ?? clock.now()) - clock.now());
  }
  return promise;
}
