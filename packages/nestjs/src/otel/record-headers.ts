import type { OutgoingRecord, RecordHeaders } from '@kafka-worker/engine';
import { propagation, type Context, type TextMapGetter, type TextMapSetter } from '@opentelemetry/api';
import { RECORD_ROOT } from './chained-context.js';

/** Reads what a propagator asks for by name, and decodes nothing else. Of several values the last one counts. */
const getter: TextMapGetter<RecordHeaders> = {
  get(headers, name) {
    const value = headers[name];
    if (value === undefined) return undefined;
    const one = Array.isArray(value) ? value[value.length - 1] : value;
    return typeof one === 'string' ? one : one?.toString();
  },
  keys: (headers) => Object.keys(headers),
};

const setter: TextMapSetter<Record<string, string>> = {
  set(headers, name, value) {
    headers[name] = value;
  },
};

/** The context that a record was sent in, by the global propagator; an empty one where its headers name none. @internal */
export function contextOf(headers: RecordHeaders): Context {
  for (const _ in headers) return propagation.extract(RECORD_ROOT, headers, getter);
  return RECORD_ROOT; // nothing to ask a propagator for
}

/** The headers that carry a context; undefined where there is nothing to carry. @internal */
export function headersOf(context: Context): Record<string, string> | undefined {
  const headers: Record<string, string> = {};
  propagation.inject(context, headers, setter);
  for (const _ in headers) return headers;
  return undefined;
}

/** Whether a record names a context of its own. @internal */
export function carriesContext({ headers }: OutgoingRecord, fields: readonly string[]): boolean {
  return headers !== undefined && fields.some((field) => headers[field] !== undefined);
}

/** The record with these headers; what it said of another context before is left out. @internal */
export function withContext(
  record: OutgoingRecord,
  fields: readonly string[],
  carried: Record<string, string>,
): OutgoingRecord {
  const headers: Record<string, RecordHeaders[string]> = { ...record.headers };
  for (const field of fields) delete headers[field];
  return { ...record, headers: Object.assign(headers, carried) };
}
