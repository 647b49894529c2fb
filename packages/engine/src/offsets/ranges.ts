/** A run of offsets, `from` inclusive, `to` exclusive. */
export interface OffsetRange {
  readonly from: number;
  readonly to: number;
}

/** Appends to an ascending list, melting a range that touches the last one into it. */
export function appendRange(ranges: OffsetRange[], from: number, to: number): void {
  if (to <= from) return;
  const last = ranges.at(-1);
  if (last !== undefined && last.to >= from) ranges[ranges.length - 1] = { from: last.from, to: Math.max(last.to, to) };
  else ranges.push({ from, to });
}
