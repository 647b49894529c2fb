import {
  ensureError,
  KafkaWorkerError,
  SkipRecordError,
  type Delivery,
  type DeliveryGuarantee,
  type ErrorCode,
  type KafkaRecord,
  type OutgoingRecord,
} from '@kafka-worker/engine';
import { IntrinsicException, Logger } from '@nestjs/common';
import { KafkaHeaders, KafkaRetriableException, RpcException } from '@nestjs/microservices';
import { isObservable } from 'rxjs';
import { decodeHeader } from '../payload/decode.js';
import { encode } from '../producer/outgoing.js';
import type { KafkaWorkerProducer } from '../producer/kafka-worker.producer.js';

/** Where a question wants its answer. @internal */
export interface ReplyAddress {
  readonly topic: string;
  readonly partition: number | undefined;
  readonly correlationId: string;
}

interface Reply {
  response?: unknown;
  error?: unknown;
  isDisposed: boolean;
}

const logger = new Logger('KafkaWorkerReply');
/** What a handler throws to steer the engine is no answer. */
const STEERING: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['SKIP_RECORD', 'RETRY_LATER', 'FREEZE', 'DEAD_LETTER']);

/** Whether somebody waits for the result: with an address, and an id to know it by. @internal */
export function replyAddress(record: KafkaRecord): ReplyAddress | undefined {
  const topic = text(record, KafkaHeaders.REPLY_TOPIC);
  const correlationId = text(record, KafkaHeaders.CORRELATION_ID);
  if (!topic || !correlationId) return undefined;
  const partition = text(record, KafkaHeaders.REPLY_PARTITION);
  return { topic, correlationId, partition: partition === undefined ? undefined : Number.parseFloat(partition) };
}

/** How a question is answered. @internal */
export interface ReplyRoute {
  readonly address: ReplyAddress;
  readonly producer: KafkaWorkerProducer;
  readonly delivery: Delivery;
  /** The worker's `delivery`. */
  readonly guarantee: DeliveryGuarantee | undefined;
}

/**
 * Answers as Nest's Kafka transport does, so that a `ClientKafka` understands it, except that it waits for the broker:
 * the promise settles when every answer is acknowledged; with `transactional()` the answers are part of the transaction.
 * An error is answered too and then over, as in Nest; only `KafkaRetriableException` and the steering errors go to the
 * engine. Where the handler's effects are a transaction an answered error settles the record as skipped, and not as
 * done, or what the handler did before it failed would be committed.
 * @internal
 */
export async function publishReplies(route: ReplyRoute, result: Promise<unknown>): Promise<void> {
  const { address } = route;
  const send = (reply: Reply): Promise<unknown> => publish(route, toRecord(address, reply));
  let value: unknown;
  try {
    value = await result;
  } catch (error) {
    return answerError(route, error);
  }
  if (!isObservable(value)) {
    await send({ response: value, isDisposed: true });
    return;
  }
  // One answer is held back, so that the last one can say that it is the last.
  let held: Reply | undefined;
  let sent: Promise<unknown> = Promise.resolve();
  await new Promise<void>((resolve, reject) => {
    const flush = (next: Reply | undefined): void => {
      const reply = held;
      held = next;
      if (reply) sent = sent.then(() => send(reply));
      sent.catch(reject);
    };
    value.subscribe({
      next: (response) => flush({ response, isDisposed: false }),
      error: (error: unknown) => {
        if (!isForEngine(error)) flush(undefined);
        sent.then(() => answerError(route, error)).then(resolve, reject);
      },
      complete: () => {
        held = { ...held, isDisposed: true };
        flush(undefined);
        sent.then(() => resolve(), reject);
      },
    });
  });
}

async function publish({ guarantee, delivery, producer }: ReplyRoute, record: OutgoingRecord): Promise<void> {
  if (typeof guarantee === 'object' && guarantee.type === 'transactional') delivery.send(record);
  else await producer.send(record);
}

/** @throws the error itself where it is the engine's business. */
async function answerError({ address, producer, guarantee }: ReplyRoute, error: unknown): Promise<void> {
  if (isForEngine(error)) throw error;
  // Never through the transaction: what a failed attempt sent is dropped.
  await producer.send(toRecord(address, { error: publicError(error), isDisposed: true }));
  if (typeof guarantee !== 'object') return;
  throw new SkipRecordError(`answered with an error: ${ensureError(error).message}`, { cause: error });
}

function isForEngine(error: unknown): boolean {
  return error instanceof KafkaRetriableException || (KafkaWorkerError.is(error) && STEERING.has(error.code));
}

/** What of an error may leave the process: Nest's own rule. */
function publicError(error: unknown): unknown {
  if (error instanceof RpcException) {
    const inner: unknown = error.getError();
    return typeof inner === 'object' && inner !== null ? inner : { status: 'error', message: inner };
  }
  // A filter's throwError(() => ({ ... })) is meant for the other side.
  if (typeof error === 'object' && error !== null && !(error instanceof Error)) return error;
  if (!(error instanceof IntrinsicException)) logger.error(error);
  return { status: 'error', message: 'Internal server error' };
}

function toRecord(address: ReplyAddress, reply: Reply): OutgoingRecord {
  const given = reply.response;
  // As in Nest: what has a key or a value is a message, everything else is the value of one.
  const isMessage = typeof given === 'object' && given !== null && ('key' in given || 'value' in given);
  const message = (isMessage ? given : { value: given }) as { key?: unknown; value?: unknown; headers?: object };
  const headers: Record<string, Buffer> = { ...(message.headers as Record<string, Buffer> | undefined) };
  headers[KafkaHeaders.CORRELATION_ID] = Buffer.from(address.correlationId);
  if (reply.error !== undefined) {
    headers[KafkaHeaders.NEST_ERR] = Buffer.from(
      typeof reply.error === 'object' ? JSON.stringify(reply.error) : String(reply.error),
    );
  }
  if (reply.isDisposed) headers[KafkaHeaders.NEST_IS_DISPOSED] = Buffer.alloc(1);
  return {
    topic: address.topic,
    value: encode(message.value),
    ...(message.key !== undefined && message.key !== null && { key: encode(message.key) }),
    headers,
    ...(address.partition !== undefined && { partition: address.partition }),
  };
}

function text(record: KafkaRecord, header: string): string | undefined {
  const value = record.headers[header];
  if (value === undefined) return undefined;
  const decoded = decodeHeader(value);
  return typeof decoded === 'string' ? decoded : undefined;
}
