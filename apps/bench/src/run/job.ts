import type { Order } from '../cells/cell.js';
import type { Findings } from '../meter/checker.js';
import type { SubjectKind } from '../subjects/index.js';

/** What a child process is to do. Plain data. */
export interface Job {
  readonly kind: SubjectKind;
  readonly order: Order;
  readonly limit: number;
  readonly delayMs: number;
  readonly brokers: readonly string[];
  readonly topic: string;
  readonly groupId: string;
  readonly records: number;
  readonly perPartition: readonly number[];
  /** The key whose handler time is wanted by itself. */
  readonly hottestKey: string | undefined;
  readonly verify: boolean;
}

/** What a child process has measured. Times in milliseconds. */
export interface RunResult {
  readonly records: number;
  /** From the begin of the first handler to the end of the last. */
  readonly handledMs: number;
  /** From the begin of the first handler until every offset was acknowledged; only of ours, drained at the end. */
  readonly committedMs: number | undefined;
  /** From the start of the process to the begin of the first handler. */
  readonly startMs: number;
  /** From the end of the last handler until everything was closed. */
  readonly stopMs: number;
  /** Mean of what handlers measured of themselves; 0 where they do nothing. */
  readonly handlerMs: number;
  /** The same, of the hottest key's records. */
  readonly hottestKeyMs: number | undefined;
  /** CPU time of the process while records were handled. */
  readonly cpuMs: number;
  /** Cores that everything else on the machine used meanwhile, the broker with it. */
  readonly otherCores: number;
  /** Peak of the resident memory. */
  readonly rssMb: number;
  /** Of a checked run. */
  readonly findings: Findings | undefined;
}

/** What comes back from a child. */
export type Answer = { readonly ok: true; readonly result: RunResult } | { readonly ok: false; readonly error: string };
