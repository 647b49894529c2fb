import type { OffsetSpan } from '../letters/filter.js';
import { UsageError } from './exit-codes.js';

/** A whole number of `least` or more. @throws UsageError */
export function wholeNumber(option: string, text: string | undefined, least = 0): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || value < least) {
    throw new UsageError(`--${option} ${text} is not allowed; a whole number of ${least} or more is`);
  }
  return value;
}

/** A number above 0. @throws UsageError */
export function positiveNumber(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d*\.?\d+$/.test(text) || !(Number(text) > 0)) {
    throw new UsageError(`--${option} ${text} is not allowed; a number above 0 is`);
  }
  return Number(text);
}

/** `a..b`, `a..`, `..b` or `a`; both ends included. @throws UsageError */
export function offsetSpan(option: string, text: string | undefined): OffsetSpan | undefined {
  if (text === undefined) return undefined;
  const [, from = '', dots, to = ''] = /^(\d*)(\.\.)?(\d*)$/.exec(text) ?? [];
  if (from === '' && to === '')
    throw new UsageError(`--${option} ${text} is not allowed; 17, 17..42, 17.. and ..42 are`);
  if (dots === undefined) return { from: Number(from), to: Number(from) };
  const span = { ...(from && { from: Number(from) }), ...(to && { to: Number(to) }) };
  if ((span.from ?? 0) > (span.to ?? Infinity)) throw new UsageError(`--${option} ${text} is empty`);
  return span;
}

/** ISO 8601 or milliseconds since the epoch. @throws UsageError */
export function moment(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d+$/.test(text) && text.length > 4) return Number(text);
  const value = /^\d{4}-\d{2}/.test(text) ? Date.parse(text) : NaN;
  if (Number.isNaN(value)) {
    throw new UsageError(
      `--${option} ${text} is not allowed; 2026-03-01T12:00:00Z or milliseconds since the epoch are`,
    );
  }
  return value;
}

/** `/…/flags` is a regular expression for the message, everything else a class. @throws UsageError */
export function errorFilter(text: string | undefined): string | RegExp | undefined {
  if (text === undefined) return undefined;
  const [, source, flags] = /^\/(.+)\/([a-z]*)$/s.exec(text) ?? [];
  if (source === undefined) return text;
  try {
    return new RegExp(source, flags);
  } catch (error) {
    throw new UsageError(`--error ${text} is no regular expression: ${(error as Error).message}`);
  }
}

/** Bytes given as text, or in hexadecimal digits. @throws UsageError */
export function keyFilter(text: string | undefined, hex: string | undefined): Buffer | undefined {
  if (text !== undefined && hex !== undefined) throw new UsageError('--key and --key-hex mean the same: give one');
  if (text !== undefined) return Buffer.from(text);
  if (hex === undefined) return undefined;
  if (!/^([0-9a-f]{2})+$/i.test(hex)) throw new UsageError(`--key-hex ${hex} is not allowed; pairs of 0-9 and a-f are`);
  return Buffer.from(hex, 'hex');
}
