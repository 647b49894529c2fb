import type { Place } from '../meter/checker.js';
import type { Work } from '../meter/work.js';
import type { Job } from '../run/job.js';

/** Gives the work for records of a subject's own form. */
export type WorkFor = <R>(locate: (record: R) => Place) => Work<R>;

/** A subject that reads. */
export interface RunningSubject {
  /** Ends what runs, commits and leaves the group. */
  stop(): Promise<void>;
  /** When the last offset of the topic was acknowledged, on `performance.now()`'s scale. Known after `stop`. */
  committedAt?(): number | undefined;
}

/** Something that reads a topic and hands every record to the work. One file per subject. */
export type Subject = (job: Job, workFor: WorkFor) => Promise<RunningSubject>;
