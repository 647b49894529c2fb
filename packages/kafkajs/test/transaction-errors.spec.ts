import { describe, expect, it } from '@jest/globals';
import { CommitError, KafkaWorkerError, TransactionError } from '@kafka-worker/engine';
import kafkajs from 'kafkajs';
import type { Transaction } from 'kafkajs';
import { TransactionalClient } from '../src/transactions/transactional-client.js';
import { isFenced, isPassing, notBegun, notOpened, toAbortReason } from '../src/transactions/transaction-errors.js';

/** As kafkajs gives up on what a broker has refused. */
function refused(type: string): Error {
  const cause = Object.assign(new Error(`the broker says ${type}`), { name: 'KafkaJSProtocolError', type });
  return Object.assign(new Error(cause.message), { name: 'KafkaJSNonRetriableError', cause });
}

describe('errors of transactions', () => {
  it.each(['INVALID_PRODUCER_EPOCH', 'PRODUCER_FENCED', 'INVALID_PRODUCER_ID_MAPPING'])('%s fences', (type) => {
    expect(isFenced(refused(type))).toBe(true);
    expect(isPassing(refused(type))).toBe(false);
  });

  it.each([
    ['OFFSET_METADATA_TOO_LARGE', CommitError, 'COMMIT_METADATA_TOO_LARGE', false],
    ['MESSAGE_TOO_LARGE', KafkaWorkerError, 'SEND_FAILED', false],
    ['TOPIC_AUTHORIZATION_FAILED', KafkaWorkerError, 'SEND_FAILED', false],
    ['GROUP_AUTHORIZATION_FAILED', KafkaWorkerError, 'SEND_FAILED', false],
    ['CONCURRENT_TRANSACTIONS', TransactionError, 'TRANSACTION_ABORTED', true],
    ['GROUP_LOAD_IN_PROGRESS', TransactionError, 'TRANSACTION_ABORTED', true],
  ] as const)('%s tells what the broker has', (type, error, code, canRetry) => {
    const reason = toAbortReason(refused(type));
    expect(reason).toBeInstanceOf(error);
    expect(reason).toMatchObject({ code, canRetry });
    expect(reason?.message).toContain(type);
  });

  it.each([
    refused('REQUEST_TIMED_OUT'),
    refused('NOT_LEADER_FOR_PARTITION'),
    refused('OUT_OF_ORDER_SEQUENCE_NUMBER'),
    new kafkajs.KafkaJSConnectionError('gone'),
    new Error('the broker did not acknowledge it'),
  ])('%s leaves it open', (error) => {
    expect(toAbortReason(error)).toBeUndefined();
  });

  it('of a topic that is missing, and of what comes before the begin', () => {
    const missing = new KafkaWorkerError('TOPIC_MISSING', 'no such topic: t');
    expect(notBegun(missing)).toMatchObject({ code: 'SEND_FAILED', canRetry: false });
    const gone = new kafkajs.KafkaJSConnectionError('gone');
    expect(notBegun(gone)).toMatchObject({ code: 'TRANSACTION_ABORTED', canRetry: true });
    expect(notOpened('id', gone)).toMatchObject({ code: 'CONNECTION', canRetry: true });
    expect(notOpened('id', refused('CONCURRENT_TRANSACTIONS'))).toMatchObject({ code: 'TRANSACTION_ABORTED' });
    expect(notOpened('id', refused('TRANSACTIONAL_ID_AUTHORIZATION_FAILED'))).toMatchObject({ canRetry: false });
  });
});

describe('writing a transaction', () => {
  const client = new TransactionalClient({ client: { brokers: ['none:1'] } }, 'id');
  const offsets = [
    { topic: 'a', partition: 0, offset: 5, metadata: 'map' },
    { topic: 'b', partition: 1, offset: 6, metadata: '' },
    { topic: 'a', partition: 2, offset: 7, metadata: 'é' },
  ];
  const parts = [0, 1].map((partition) => ({
    topic: 'out',
    partition,
    records: [{ topic: 'out', value: 'v' }],
  }));

  function transaction(does: Partial<Transaction>): Transaction {
    return {
      send: async ({ topic, messages }) => [
        { topicName: topic, partition: messages[0]?.partition ?? -1, errorCode: 0, baseOffset: '0' },
      ],
      sendBatch: async () => [],
      sendOffsets: async () => undefined,
      commit: async () => undefined,
      abort: async () => undefined,
      isActive: () => true,
      ...does,
    };
  }

  it('sends one partition per request, and offsets with their metadata when all of them are there', async () => {
    const sent: unknown[] = [];
    const plain = transaction({});
    const open = transaction({
      send: (record) => {
        sent.push(record.messages.map(({ partition }) => partition));
        return plain.send(record);
      },
      sendOffsets: async (request) => void sent.push(request),
    });
    expect(await client.write(open, parts, { records: [], groupId: 'g', offsets })).toEqual({
      failure: undefined,
      certain: true,
    });
    expect(sent).toEqual([
      [0],
      [1],
      {
        consumerGroupId: 'g',
        topics: [
          {
            topic: 'a',
            partitions: [
              { partition: 0, offset: '5', metadata: 'map' },
              { partition: 2, offset: '7', metadata: 'é' },
            ],
          },
          { topic: 'b', partitions: [{ partition: 1, offset: '6', metadata: '' }] },
        ],
      },
    ]);
  });

  it('sends offsets again that are refused for the moment only', async () => {
    let times = 0;
    const open = transaction({
      sendOffsets: async () => {
        if (++times <= 3) throw refused('CONCURRENT_TRANSACTIONS');
      },
    });
    const written = await client.write(open, parts, { records: [], groupId: 'g', offsets });
    expect([times, written]).toEqual([4, { failure: undefined, certain: true }]);
  });

  it('is uncertain where one of several failures is, and names the fence before anything else', async () => {
    const failing = (...errors: Error[]): Transaction =>
      transaction({
        send: async () => {
          await new Promise((resolve) => setTimeout(resolve, 1));
          throw errors.shift();
        },
      });
    const write = (open: Transaction) => client.write(open, parts, { records: [], groupId: 'g', offsets });
    const [large, lost, fenced] = [refused('MESSAGE_TOO_LARGE'), new Error('lost'), refused('INVALID_PRODUCER_EPOCH')];
    expect(await write(failing(large, large))).toEqual({ failure: large, certain: true });
    expect(await write(failing(large, lost))).toEqual({ failure: large, certain: false });
    expect(await write(failing(lost, fenced))).toMatchObject({ failure: fenced });
  });
});
