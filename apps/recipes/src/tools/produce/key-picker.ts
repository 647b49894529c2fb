/**
 * Picks keys so that key number n comes in proportion to 1 / n^skew (Zipf's law). Given the same source of randomness
 * the same keys come.
 */
export function keyPicker(keys: number, skew: number, random: () => number = Math.random): () => string | undefined {
  if (keys === 0) return () => undefined;
  const bounds = new Float64Array(keys);
  let sum = 0;
  for (let n = 0; n < keys; n++) bounds[n] = sum += 1 / (n + 1) ** skew;
  return () => {
    const at = random() * sum;
    let low = 0;
    for (let high = keys - 1; low < high;) {
      const middle = (low + high) >> 1;
      if ((bounds[middle] as number) > at) high = middle;
      else low = middle + 1;
    }
    return `k${low}`;
  };
}
