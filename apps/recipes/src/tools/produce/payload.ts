import type { ProduceOptions } from './produce-options.js';

const FIELD = ',"pad":""'.length;

/**
 * The value of record number `n`: the payload that was given, or number, key and time; filled up to `size` bytes by a
 * field `pad`, or, where the payload is no object, by blanks, which JSON ignores. Never cut.
 */
export function payloadOf({ payload, size }: ProduceOptions, n: number, key: string | undefined, at: number): string {
  const value = payload === undefined ? { n, ...(key === undefined ? {} : { key }), at } : payload;
  const text = JSON.stringify(value);
  const missing = size === undefined ? 0 : size - Buffer.byteLength(text);
  if (missing <= 0) return text;
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  const isEmpty = text === '{}';
  const room = missing - FIELD + (isEmpty ? 1 : 0);
  if (!isObject || 'pad' in value || room < 0) return text + ' '.repeat(missing);
  return `${text.slice(0, -1)}${isEmpty ? '' : ','}"pad":"${'x'.repeat(room)}"}`;
}
