/** A median with the least and the greatest value it stands for. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** @throws RangeError where there is no value. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError('no median of nothing');
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] as number;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] as number) + upper) / 2;
}

export function spread(values: readonly number[]): Spread {
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) };
}

/**
 * How `a` stands to `b`: the ratio of the medians, and the least and greatest ratio of values of the same round,
 * which were measured next to each other.
 */
export function ratio(a: readonly number[], b: readonly number[]): Spread {
  const pairs = a.slice(0, b.length).map((value, round) => value / (b[round] as number));
  return { median: median(a) / median(b), min: Math.min(...pairs), max: Math.max(...pairs) };
}
