/** Every subject once, then every subject again: what changes on the machine with time meets all of them. */
export function* alternate<T>(
  items: readonly T[],
  rounds: number,
): Generator<{ readonly round: number; readonly item: T }> {
  for (let round = 1; round <= rounds; round++) for (const item of items) yield { round, item };
}
