import type { RecordHeaders } from '@kafka-worker/engine';

/** On a replayed record: where its dead letter stands, `<topic>/<partition>/<offset>`. A second replay replaces it. */
export const REPLAYED_FROM_HEADER = 'kafka-worker-replayed-from';

/** A header as text, the last one where there are several of the name. */
export function headerText(headers: RecordHeaders, name: string): string | undefined {
  const value = headers[name];
  const last = Array.isArray(value) ? value.at(-1) : value;
  return last?.toString();
}

/** Bytes of all names and values. */
export function headerBytes(headers: RecordHeaders): number {
  let bytes = 0;
  for (const [name, value] of Object.entries(headers)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== undefined) bytes += Buffer.byteLength(name) + Buffer.byteLength(one);
    }
  }
  return bytes;
}
