/** What stands in a topic. The same spec always gives the same records in the same order. */
export interface LoadSpec {
  readonly records: number;
  readonly keys: number;
  readonly partitions: number;
  readonly valueBytes: number;
  readonly distribution: 'uniform' | 'zipf';
  readonly seed: number;
}

/** The exponent of `zipf`: the n-th key is n^s times rarer than the first. */
export const ZIPF_S = 1.1;

/** The topic of a load. */
export function topicOf({ records, keys, partitions, valueBytes, distribution, seed }: LoadSpec): string {
  return `bench-${distribution}-${records}x${valueBytes}-k${keys}-p${partitions}-s${seed}`;
}
