import type { OutgoingRecord, SendScope } from '@kafka-worker/engine';
import {
  context as contexts,
  propagation,
  SpanKind,
  trace,
  type Attributes,
  type Context,
  type Link,
  type Span,
  type Tracer,
} from '@opentelemetry/api';
import { displayKey, type KeyDisplay } from '../instrumentation/record-key.js';
import { ATTR, KAFKA } from './attributes.js';
import { fail } from './failure.js';
import { carriesContext, contextOf, headersOf, withContext } from './record-headers.js';

/** What the spans of a tracer have in common. @internal */
export interface SpanSetup {
  readonly tracer: Tracer;
  readonly key: KeyDisplay;
  readonly clientId: string | undefined;
}

/**
 * One span for one call, however many records it sends, and the records with its context in their headers.
 * @param failed the context of the attempt whose copies they are: what they carry of another one is replaced. Undefined:
 * they are somebody's own records; one that carries a context already keeps it, and is linked with.
 * @internal
 */
export function startSend(
  setup: SpanSetup,
  records: readonly OutgoingRecord[],
  failed: Context | undefined,
): SendScope | undefined {
  const [first] = records;
  if (first === undefined) return undefined;
  const fields = propagation.fields();
  const own = failed === undefined ? records.filter((record) => carriesContext(record, fields)) : [];
  const parent = failed ?? contexts.active();
  const topic = records.every((record) => record.topic === first.topic) ? first.topic : undefined;
  const span = setup.tracer.startSpan(
    topic === undefined ? 'send' : `send ${topic}`,
    {
      // the conventions: a producer is who made the context that the record carries
      kind: own.length === records.length ? SpanKind.CLIENT : SpanKind.PRODUCER,
      attributes: attributesOf(setup, records, topic),
      links: own.flatMap(linkTo),
    },
    parent,
  );
  const carried = headersOf(trace.setSpan(parent, span));
  if (carried === undefined && !span.isRecording()) return undefined;
  const sent =
    carried === undefined
      ? records
      : records.map((record) => (own.includes(record) ? record : withContext(record, fields, carried)));
  return new SendSpan(sent, span);
}

class SendSpan implements SendScope {
  constructor(
    readonly records: readonly OutgoingRecord[],
    private readonly span: Span,
  ) {}

  ended(error: Error | undefined): void {
    if (error !== undefined) fail(this.span, error);
    this.span.end();
  }
}

function attributesOf(
  { key, clientId }: SpanSetup,
  records: readonly OutgoingRecord[],
  topic: string | undefined,
): Attributes {
  const attributes: Attributes = {
    [ATTR.system]: KAFKA,
    [ATTR.operationName]: 'send',
    [ATTR.operationType]: 'send',
  };
  if (topic !== undefined) attributes[ATTR.destination] = topic;
  if (clientId !== undefined) attributes[ATTR.clientId] = clientId;
  const [record] = records;
  if (records.length > 1 || record === undefined) {
    attributes[ATTR.batchSize] = records.length;
    return attributes;
  }
  if (record.partition !== undefined) attributes[ATTR.partition] = String(record.partition);
  if (record.value === null) attributes[ATTR.tombstone] = true;
  const shown = typeof record.key === 'string' ? Buffer.from(record.key) : (record.key ?? null);
  const text = displayKey(shown, key);
  if (text !== undefined) attributes[ATTR.key] = text;
  return attributes;
}

function linkTo({ headers = {} }: OutgoingRecord): Link[] {
  const context = trace.getSpanContext(contextOf(headers));
  return context === undefined ? [] : [{ context }];
}
