const OPEN_BRACE = 0x7b;
const OPEN_BRACKET = 0x5b;

/**
 * Bytes as Nest's `KafkaParser` reads them: null stays null, a leading zero byte (a schema registry's mark) leaves the
 * buffer alone, what looks like an object or an array is parsed if it can be, the rest is text. Numbers stay text.
 * Written out here because the parser copies the message with all its headers first; this is in the way of every record.
 * @internal
 */
export function decode(bytes: Buffer | null | undefined): unknown {
  if (bytes === null || bytes === undefined) return null;
  const first = bytes[0];
  if (first === 0) return bytes;
  const text = bytes.toString();
  if (first !== OPEN_BRACE && first !== OPEN_BRACKET) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** A header, which may stand several times under one name. @internal */
export function decodeHeader(value: Buffer | string | (Buffer | string)[] | undefined): unknown {
  // Nest calls toString() on a list, which joins what it holds; a list of decoded values loses nothing.
  if (Array.isArray(value)) return value.map(decodeHeader);
  return typeof value === 'string' ? decode(Buffer.from(value)) : decode(value);
}
