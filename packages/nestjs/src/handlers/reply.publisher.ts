import { KafkaWorkerError, type KafkaRecord, type OutgoingRecord } from '@kafka-worker/engine';
import { IntrinsicException, Logger } from '@nestjs/common';
import { KafkaHeaders, KafkaRetriableException, RpcException } from '@nestjs/microservices';
import { isObservable } from 'rxjs';
import { decodeHeader } from '../payload/decode.js';
import { encode } from '../producer/outgoing.js';
import type { KafkaWorkerProducer } from '../producer/kafka-worker.producer.js';

/** Where a question wants its answer. */
interface ReplyAddress {
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
const STEERING = new Set(['SKIP_RECORD', 'RETRY_LATER', 'FREEZE', 'DEAD_LETTER']);

/** Whether somebody waits for the result: with an address, and an id to know it by. @internal */
export function replyAddress(record: KafkaRecord): ReplyAddress | undefined {
  const topic = text(record, KafkaHeaders.REPLY_TOPIC);
  const correlationId = text(record, KafkaHeaders.CORRELATION_ID);
  if (!topic || !correlationId) return undefined;
  const partition = text(record, KafkaHeaders.REPLY_PARTITION);
  return { topic, correlationId, partition: partition === undefined ? undefined : Number.parseFloat(partition) };
}

/**
 * Answers as Nest's Kafka transport does, so that a `ClientKafka` understands it, except that it waits for the broker:
 * the promise settles when every answer is acknowledged. An error is answered too and then over, as in Nest; only
 * `KafkaRetriableException` and the steering errors go to the engine.
 * @internal
 */
export async function publishReplies(
  producer: KafkaWorkerProducer,
  address: ReplyAddress,
  result: Promise<unknown>,
): Promise<void> {
  const send = (reply: Reply): Promise<unknown> => producer.send(toRecord(address, reply));
  let value: unknown;
  try {
    value = await result;
  } catch (error) {
    await send(errorReply(error));
    return;
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
        try {
          flush(errorReply(error));
          flush(undefined);
          sent.then(() => resolve(), reject);
        } catch (steering) {
          reject(steering);
        }
      },
      complete: () => {
        held = { ...held, isDisposed: true };
        flush(undefined);
        sent.then(() => resolve(), reject);
      },
    });
  });
}

/** @throws the error itself where it is the engine's business. */
function errorReply(error: unknown): Reply {
  if (error instanceof KafkaRetriableException || (KafkaWorkerError.is(error) && STEERING.has(error.code))) throw error;
  return { error: publicError(error), isDisposed: true };
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
