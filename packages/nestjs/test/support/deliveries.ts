import { KafkaWorkerError, type Delivery, type OutgoingRecord } from '@kafka-worker/engine';

/** A delivery that nobody made, and what was sent and committed through it. */
export interface FakeDelivery extends Delivery {
  readonly sent: OutgoingRecord[];
  commits: number;
}

/** Of a record of `orders`; `transactional`: whether it takes what is sent. */
export function fakeDelivery(parts: Partial<Delivery> & { transactional?: boolean } = {}): FakeDelivery {
  const { transactional = false, ...given } = parts;
  const delivery: FakeDelivery = {
    record: {
      topic: 'orders',
      partition: 1,
      offset: 5,
      timestamp: 7,
      key: Buffer.from('key'),
      value: Buffer.from('{"id":1}'),
      headers: {},
    },
    worker: 'Orders#on',
    groupId: 'group',
    attempt: 1,
    queuedMs: 0,
    traceId: undefined,
    signal: new AbortController().signal,
    highWatermark: 9,
    origin: undefined,
    transaction: undefined,
    sent: [],
    commits: 0,
    send: (records) => {
      if (!transactional) throw new KafkaWorkerError('NOT_TRANSACTIONAL', 'send() needs delivery: transactional()');
      delivery.sent.push(...('topic' in records ? [records] : records));
    },
    commit: async () => void delivery.commits++,
    ...given,
  };
  return delivery;
}
