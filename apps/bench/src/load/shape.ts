/** What a load came out as: the bounds of the orders follow from it. */
export interface Shape {
  /** Records of each partition, counted in the topic. */
  readonly perPartition: readonly number[];
  readonly hottestKey: { readonly key: string; readonly records: number };
}

/** The key with the most records. */
export function hottest(keys: Iterable<string>): Shape['hottestKey'] {
  const counts = new Map<string, number>();
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  let best = { key: '', records: 0 };
  for (const [key, records] of counts) if (records > best.records) best = { key, records };
  return best;
}
