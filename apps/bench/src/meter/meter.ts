import { cpus } from 'node:os';

/** What was read at one moment. Times in milliseconds since the process started. */
export interface Reading {
  readonly at: number;
  /** CPU time of this process so far. */
  readonly cpuMs: number;
  /** CPU time of the whole machine so far. */
  readonly machineMs: number;
}

/**
 * Counts records and takes the time of the first and of the last: all that a measured run does beside its work.
 * A record more than expected is counted too.
 */
export class Meter {
  count = 0;
  first: Reading | undefined;
  last: Reading | undefined;
  /** Sum of the times that handlers measured of themselves. */
  handlerMs = 0;
  /** The same, of records of the hottest key only. */
  hottestKeyMs = 0;
  hottestKeyCount = 0;
  /** Resolves with the last record. */
  readonly done: Promise<void>;
  #finish!: () => void;

  constructor(readonly total: number) {
    this.done = new Promise((resolve) => (this.#finish = resolve));
  }

  /** A handler begins. */
  begin(): void {
    if (this.first === undefined) this.first = read();
  }

  /** A handler has ended. */
  end(): void {
    if (++this.count === this.total) this.#end();
  }

  #end(): void {
    this.last = read();
    this.#finish();
  }
}

function read(): Reading {
  const at = performance.now();
  const { user, system } = process.cpuUsage();
  const machineMs = cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0);
  return { at, cpuMs: (user + system) / 1000, machineMs };
}
