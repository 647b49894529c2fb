import type { Disposition } from '../delivery/delivery.js';

/** Records by what became of them; `frozen` counts every freeze. */
export type Dispositions = Record<Disposition, number>;

/** What became of the records of one topic since the start: outlives assignments, so that counts only grow. */
export class TopicCounts {
  readonly dispositions: Dispositions = noDispositions();
  /** Attempts that were followed by another one. */
  retries = 0;
  /** Records that came again although an earlier assignment had settled them. */
  redeliveredDone = 0;
}

/** Of several topics together. */
export function sumDispositions(topics: Iterable<TopicCounts>): Dispositions {
  const sum = noDispositions();
  for (const { dispositions } of topics) {
    for (const name of Object.keys(sum) as Disposition[]) sum[name] += dispositions[name];
  }
  return sum;
}

function noDispositions(): Dispositions {
  return { done: 0, skipped: 0, 'dead-lettered': 0, 'retried-later': 0, frozen: 0, abandoned: 0 };
}
