import type { LoadSpec } from '../load/load-spec.js';
import type { Shape } from '../load/shape.js';
import type { RunResult } from '../run/job.js';
import type { SubjectKind } from '../subjects/index.js';
import type { Bar } from '../report/bars.js';

/** Which records wait for each other. */
export type Order = 'key' | 'partition' | 'unordered';

/** One subject as a cell runs it. */
export interface Entry {
  /** As in `--subjects` and in the table. */
  readonly name: string;
  readonly kind: SubjectKind;
  /** What it promises, and so what `--verify` looks at. */
  readonly order: Order;
}

/** The runs of a cell by entry; run `i` of each entry belongs to the same round. */
export type CellRuns = ReadonlyMap<string, readonly RunResult[]>;

/** A piece of work that every entry does, and what is said about it. One file per cell. */
export interface Cell {
  readonly title: string;
  readonly load: LoadSpec;
  /** Handlers at once, for subjects that have such a bound. */
  readonly limit: number;
  /** How long a handler waits. Milliseconds; 0: it does nothing. */
  readonly delayMs: number;
  readonly entries: readonly Entry[];
  /** What the figures are measured against. Always ratios, never a time. */
  bars(runs: CellRuns, shape: Shape): readonly Bar[];
}
