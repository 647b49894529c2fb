import type { EngineSnapshot } from '@kafka-worker/engine';
import { findHold, type Hold } from './holds.js';
import type { Passenger } from './pilot.js';
import type { LedgerEntry } from './record-ledger.js';
import type { TestMember } from './test-member.js';
import type { CompiledDeliverOptions } from './testing-options.js';

/** Attempts at one record after which nobody believes in the next one. */
const HOPELESS_ATTEMPTS = 1000;

/** Those who may settle the records. */
export interface Watched {
  readonly members: readonly TestMember[];
  /** Whether anybody who runs reads for the group. */
  isAlive(groupId: string): boolean;
}

/** Waits until records are settled or frozen, each in its group. */
export class RecordWatch implements Passenger {
  readonly isReal = false;
  readonly movesTime: boolean;
  readonly patienceMs: number;
  readonly withinMs: number;

  constructor(
    private readonly site: Watched,
    private readonly entries: readonly LedgerEntry[],
    options: CompiledDeliverOptions,
  ) {
    this.movesTime = options.moveTime;
    this.patienceMs = options.patienceMs;
    this.withinMs = options.withinMs;
  }

  arrived(): boolean {
    return this.open().length === 0;
  }

  hopeless(): boolean {
    const open = this.open();
    // Who moves time may also end a pause or a freeze: only the end of the workers is the end for them.
    if (!this.movesTime) return open.some(({ groupId }) => !this.site.isAlive(groupId));
    const snapshots = this.#snapshots();
    return open.some((entry) => this.holdOf(entry, snapshots).isFinal);
  }

  /** Those that may still be settled: what was abandoned comes again to who is left. */
  open(): LedgerEntry[] {
    return this.entries.filter(
      ({ disposition, groupId, awaitsTransaction }) =>
        disposition === undefined || awaitsTransaction || (disposition === 'abandoned' && this.site.isAlive(groupId)),
    );
  }

  holdOf(entry: LedgerEntry, snapshots = this.#snapshots()): Hold {
    const { groupId, record, attempts, errors, disposition, awaitsTransaction } = entry;
    if (awaitsTransaction) {
      return { isFinal: false, text: `it is ${disposition}, and its transaction has not been committed` };
    }
    if (attempts < HOPELESS_ATTEMPTS) return findHold(groupId, record, snapshots);
    return { isFinal: true, text: `${attempts} attempts have failed, the last with ${String(errors.at(-1))}` };
  }

  /** The latest member first: an earlier one may have been crashed without knowing it. */
  #snapshots(): EngineSnapshot[] {
    return this.site.members.map(({ snapshot }) => snapshot).toReversed();
  }
}
