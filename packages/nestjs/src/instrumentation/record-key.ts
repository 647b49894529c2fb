import { isUtf8 } from 'node:buffer';
import { hash } from 'node:crypto';

/**
 * How a record's key is shown.
 * text  as it is, where it is text
 * hash  the first 16 digits of its SHA-256: tells that two records have the same key, and not which
 * none  not at all
 */
export type KeyDisplay = 'text' | 'hash' | 'none';

/** What Node puts in the place of bytes that are no UTF-8. */
const REPLACEMENT = '\ufffd';

/** Hexadecimal digits. */
const HASH_DIGITS = 16;

/** @returns undefined where nothing is to be shown: no key, `none`, or bytes that are no text. @internal */
export function displayKey(key: Buffer | null, display: KeyDisplay): string | undefined {
  if (key === null || display === 'none') return undefined;
  if (display === 'hash') return hash('sha256', key, 'hex').slice(0, HASH_DIGITS);
  // a leading zero byte is a schema registry's mark or a binary number
  if (key[0] === 0) return undefined;
  const text = key.toString();
  // one call into Node for each record is enough: what is no text shows in what was made of it
  return text.includes(REPLACEMENT) && !isUtf8(key) ? undefined : text;
}
