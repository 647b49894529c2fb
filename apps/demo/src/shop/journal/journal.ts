import type { WorkEntry } from '../../ledger/work-entry.js';

/** Where handlers report what they do. */
export interface Journal {
  /** Reports without waiting. */
  write(entry: WorkEntry): void;
  /** Reports and waits until the ledger has read it, so that it knows of a record before the record can be committed. */
  confirm(entry: WorkEntry): Promise<void>;
}

/** Token of the {@link Journal}. */
export const JOURNAL = 'DEMO_JOURNAL';
