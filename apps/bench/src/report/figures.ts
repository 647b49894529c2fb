import type { Spread } from './statistics.js';

/** `12,345`, or with decimals `1.23`. */
export function figure(value: number, decimals = 0): string {
  return value.toLocaleString('en-US', { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
}

/** `median (min–max)`. */
export function figures(value: Spread, decimals = 0, scale = 1): string {
  const [median, min, max] = [value.median, value.min, value.max].map((one) => figure(one * scale, decimals));
  return `${median} (${min}–${max})`;
}
