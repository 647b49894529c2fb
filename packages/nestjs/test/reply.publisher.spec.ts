import { beforeAll, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import {
  DeadLetterError,
  exactlyOnce,
  FreezeError,
  KafkaWorkerError,
  RetryLaterError,
  SkipRecordError,
  transactional,
  type DeliveryGuarantee,
  type TransactionalStore,
} from '@kafka-worker/nestjs';
import type { OutgoingRecord } from '@kafka-worker/engine';
import { KafkaRetriableException, RpcException } from '@nestjs/microservices';
import { concat, of, throwError } from 'rxjs';
import { publishReplies } from '../src/handlers/reply.publisher.js';
import type { KafkaWorkerProducer } from '../src/producer/kafka-worker.producer.js';
import { fakeDelivery } from './support/deliveries.js';

beforeAll(() => Logger.overrideLogger(false)); // answered errors are logged

const store = { name: 'store' } as TransactionalStore;

interface Answered {
  /** What the engine is told: undefined where the record is done. */
  readonly error: unknown;
  /** Values sent at once, `!` before an error's. */
  readonly produced: string[];
  /** Values sent in the transaction. */
  readonly transacted: string[];
}

async function answer(result: Promise<unknown>, guarantee?: DeliveryGuarantee): Promise<Answered> {
  const produced: OutgoingRecord[] = [];
  const producer = { send: async (record: OutgoingRecord) => void produced.push(record) };
  const delivery = fakeDelivery({ transactional: typeof guarantee === 'object' && guarantee.type === 'transactional' });
  const error: unknown = await publishReplies(
    {
      address: { topic: 'answers', partition: 0, correlationId: 'id' },
      producer: producer as unknown as KafkaWorkerProducer,
      delivery,
      guarantee,
    },
    result,
  ).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  const text = ({ value, headers = {} }: OutgoingRecord): string =>
    headers['kafka_nest-err'] === undefined ? String(value) : `!${String(headers['kafka_nest-err'])}`;
  return { error, produced: produced.map(text), transacted: delivery.sent.map(text) };
}

const refused = (): Promise<never> => Promise.reject(new RpcException({ code: 5 }));

describe('answers', () => {
  it.each([
    new SkipRecordError(),
    new RetryLaterError(5),
    new DeadLetterError('not this one'),
    new FreezeError('key'),
    new KafkaRetriableException('again'),
  ])('leave %s to the engine', async (error) => {
    expect(await answer(Promise.reject(error))).toEqual({ error, produced: [], transacted: [] });
    const streamed = await answer(
      Promise.resolve(
        concat(
          of(1),
          throwError(() => error),
        ),
      ),
    );
    expect(streamed).toEqual({ error, produced: [], transacted: [] });
  });

  it('are sent at once without transactions, errors included', async () => {
    expect(await answer(Promise.resolve('yes'))).toEqual({ error: undefined, produced: ['yes'], transacted: [] });
    expect(await answer(refused())).toEqual({ error: undefined, produced: ['!{"code":5}'], transacted: [] });
    expect(await answer(refused(), 'at-most-once')).toMatchObject({ error: undefined });
  });

  it('are part of the transaction with transactional()', async () => {
    const answered = await answer(Promise.resolve(of(1, 2)), transactional());
    expect(answered).toEqual({ error: undefined, produced: [], transacted: ['1', '2'] });
  });

  it.each<[string, DeliveryGuarantee]>([
    ['transactional()', transactional()],
    ['exactlyOnce(store)', exactlyOnce(store)],
  ])('that are errors roll back what the handler did, with %s', async (_name, guarantee) => {
    const { error, produced } = await answer(refused(), guarantee);
    expect(produced).toEqual(['!{"code":5}']);
    expect(error).toBeInstanceOf(SkipRecordError);
    expect((error as Error).cause).toBeInstanceOf(RpcException);
  });

  it('that are errors at the end of a stream are sent, whatever becomes of those before', async () => {
    const { error, produced, transacted } = await answer(
      Promise.resolve(
        concat(
          of(1),
          throwError(() => new Error('a secret')),
        ),
      ),
      transactional(),
    );
    expect(transacted).toEqual(['1']);
    expect(produced).toEqual(['!{"status":"error","message":"Internal server error"}']);
    expect(error).toMatchObject({ code: 'SKIP_RECORD', message: 'answered with an error: a secret' });
  });

  it('that are not acknowledged fail the attempt', async () => {
    const lost = new KafkaWorkerError('SEND_FAILED', 'lost');
    const producer = { send: () => Promise.reject(lost) } as unknown as KafkaWorkerProducer;
    const route = {
      address: { topic: 'answers', partition: undefined, correlationId: 'id' },
      producer,
      delivery: fakeDelivery(),
      guarantee: undefined,
    };
    await expect(publishReplies(route, Promise.resolve(of(1, 2)))).rejects.toBe(lost);
    await expect(publishReplies(route, refused())).rejects.toBe(lost);
  });
});
