import type {
  AttemptScope,
  BatchScope,
  Delivery,
  EngineEvent,
  KafkaRecord,
  OutgoingRecord,
  SendScope,
  TakenBatch,
  WorkerInstrumentation,
} from '@kafka-worker/engine';
import {
  Inject,
  Injectable,
  Optional,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { SpanKind, trace, type Attributes, type Context, type Link, type SpanOptions } from '@opentelemetry/api';
import type { Observable } from 'rxjs';
import { isKafkaWorkerContext } from '../context/kafka-worker.context.js';
import { displayKey } from '../instrumentation/record-key.js';
import { activeAttempt, attemptBefore, AttemptSpan } from './attempt-span.js';
import { ATTR, KAFKA } from './attributes.js';
import { AttemptInBatch, BatchSpan } from './batch-span.js';
import { RECORD_ROOT } from './chained-context.js';
import { traceOperation } from './operation-spans.js';
import { contextOf } from './record-headers.js';
import { startSend, type SpanSetup } from './send-span.js';
import { KAFKA_TRACING_OPTIONS, type KafkaTracingOptions } from './tracing-options.js';
import { traced } from './traced-observable.js';

const SCOPE = '@kafka-worker/nestjs';

/** What a process span tells of its attempt; a delivery is one. */
interface AttemptFacts {
  readonly record: KafkaRecord;
  readonly worker: string;
  readonly groupId: string;
  readonly attempt: number;
  readonly queuedMs: number | undefined;
}

/** What process spans of one worker's topic have in common. */
interface TopicSpan {
  readonly worker: string;
  readonly topic: string;
  readonly name: string;
  /** Where nothing is linked: no object of its own for each record. */
  readonly options: SpanOptions;
}

/**
 * Traces workers with OpenTelemetry: `KafkaWorkerModule.forRoot({ instrumentation: [new KafkaTracingInterceptor()] })`
 * stands around every worker of the connection, guards, pipes and filters included, traces what is sent, and commits,
 * drains and rebalances too. `@UseInterceptors(KafkaTracingInterceptor)` on a method or class traces its attempts alone,
 * from behind the guards; its options come from a provider of `KAFKA_TRACING_OPTIONS`. Where both are used an attempt
 * has one span. Without an SDK that is registered nothing is recorded.
 */
@Injectable()
export class KafkaTracingInterceptor implements NestInterceptor, WorkerInstrumentation {
  // Properties, so that the engine sees that they are not there and does nothing for them.
  readonly batch?: NonNullable<WorkerInstrumentation['batch']>;
  readonly event?: NonNullable<WorkerInstrumentation['event']>;
  readonly #setup: SpanSetup;
  readonly #eachRecord: boolean;
  /** By worker, then by topic. */
  readonly #topics = new Map<string, Map<string, TopicSpan>>();
  /** Records come in runs of one topic. */
  #last: TopicSpan | undefined;

  constructor(@Optional() @Inject(KAFKA_TRACING_OPTIONS) options?: KafkaTracingOptions) {
    const { spans = 'record', key = 'text', operations = true, clientId, tracerProvider = trace } = options ?? {};
    const tracer = tracerProvider.getTracer(SCOPE);
    this.#setup = { tracer, key, clientId };
    this.#eachRecord = spans !== 'batch';
    if (spans !== 'record') this.batch = (batch) => this.#startBatch(batch);
    if (operations) this.event = (event: EngineEvent) => traceOperation(tracer, clientId, event);
  }

  attempt(delivery: Delivery, batch: BatchScope | undefined): AttemptScope | undefined {
    const ofBatch = batch instanceof BatchSpan ? batch : undefined;
    const parent = contextOf(delivery.record.headers);
    if (this.#eachRecord) {
      const attempt = this.#start(delivery, parent, ofBatch?.asLinks);
      ofBatch?.link(attempt.span.spanContext());
      return attempt;
    }
    if (ofBatch === undefined) return undefined;
    ofBatch.link(trace.getSpanContext(parent));
    return new AttemptInBatch(this, ofBatch);
  }

  sending(records: readonly OutgoingRecord[], during: AttemptScope | undefined): SendScope | undefined {
    const isOurs = during instanceof AttemptSpan || during instanceof AttemptInBatch;
    return startSend(this.#setup, records, isOurs ? during.context : undefined);
  }

  intercept(execution: ExecutionContext, next: CallHandler): Observable<unknown> {
    const kafka: unknown = execution.getType() === 'rpc' ? execution.switchToRpc().getContext() : undefined;
    if (!isKafkaWorkerContext(kafka)) return next.handle();
    const record = kafka.getRecord();
    const attempt = kafka.getAttempt();
    if (activeAttempt()?.isOf(record, attempt)) return next.handle();
    const facts = {
      record,
      attempt,
      worker: kafka.getWorker(),
      groupId: kafka.getGroupId(),
      queuedMs: kafka.getQueuedMs(),
    };
    return traced(this.#start(facts, contextOf(record.headers), undefined), () => next.handle());
  }

  /**
   * What a sampler may want to know is given to it. The rest is set on the span, and only where it is recorded: the SDK
   * copies and checks what it is started with several times over.
   */
  #start(facts: AttemptFacts, parent: Context, ofBatch: Link[] | undefined): AttemptSpan {
    const { record, worker, groupId, attempt, queuedMs } = facts;
    const { tracer, key } = this.#setup;
    const links = attempt === 1 || trace.getSpan(parent) !== undefined ? ofBatch : withBefore(record, ofBatch);
    const { name, options } = this.#ofTopic(worker, groupId, record.topic);
    const span = tracer.startSpan(name, links === undefined ? options : { ...options, links }, parent);
    if (span.isRecording()) {
      span.setAttribute(ATTR.partition, String(record.partition));
      span.setAttribute(ATTR.offset, record.offset);
      span.setAttribute(ATTR.worker, worker);
      span.setAttribute(ATTR.attempt, attempt);
      if (queuedMs !== undefined) span.setAttribute(ATTR.queuedMs, queuedMs);
      const text = displayKey(record.key, key);
      if (text !== undefined) span.setAttribute(ATTR.key, text);
      if (record.value === null) span.setAttribute(ATTR.tombstone, true);
    }
    return new AttemptSpan(this, span, parent, record, attempt);
  }

  /** What all spans of a worker's topic have in common: made once. */
  #ofTopic(worker: string, groupId: string, topic: string): TopicSpan {
    if (this.#last?.worker === worker && this.#last.topic === topic) return this.#last;
    let topics = this.#topics.get(worker);
    if (topics === undefined) this.#topics.set(worker, (topics = new Map<string, TopicSpan>()));
    let common = topics.get(topic);
    if (common === undefined) topics.set(topic, (common = this.#common(worker, groupId, topic)));
    return (this.#last = common);
  }

  #common(worker: string, groupId: string, topic: string): TopicSpan {
    const { clientId } = this.#setup;
    const attributes: Attributes = {
      [ATTR.system]: KAFKA,
      [ATTR.operationName]: 'process',
      [ATTR.operationType]: 'process',
      [ATTR.destination]: topic,
      [ATTR.group]: groupId,
    };
    if (clientId !== undefined) attributes[ATTR.clientId] = clientId;
    return { worker, topic, name: `process ${topic}`, options: { kind: SpanKind.CONSUMER, attributes } };
  }

  #startBatch({ topic, partition, firstOffset, count, worker, groupId }: TakenBatch): BatchSpan {
    const { tracer, clientId } = this.#setup;
    const attributes: Attributes = {
      [ATTR.system]: KAFKA,
      [ATTR.operationName]: 'receive',
      [ATTR.operationType]: 'receive',
      [ATTR.destination]: topic,
      [ATTR.partition]: String(partition),
      [ATTR.group]: groupId,
      [ATTR.batchSize]: count,
      [ATTR.worker]: worker,
      [ATTR.firstOffset]: firstOffset,
    };
    if (clientId !== undefined) attributes[ATTR.clientId] = clientId;
    // the conventions: a span that receives is a client's
    const options = { kind: SpanKind.CLIENT, attributes };
    return new BatchSpan(tracer.startSpan(`receive ${topic}`, options, RECORD_ROOT));
  }
}

/** Attempts at a record that was sent without a trace are traces of their own: each is linked with the one before. */
function withBefore(record: KafkaRecord, links: Link[] | undefined): Link[] | undefined {
  const before = attemptBefore(record);
  return before === undefined ? links : [...(links ?? []), { context: before }];
}
