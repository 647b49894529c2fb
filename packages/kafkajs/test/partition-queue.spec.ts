import type { OutgoingRecord } from '@kafka-worker/engine';
import { describe, expect, it } from '@jest/globals';
import { Delivery } from '../src/producer/delivery.js';
import { PartitionQueue, REQUEST_BYTES, REQUEST_RECORDS, outgoingBytes } from '../src/producer/partition-queue.js';

interface Request {
  readonly values: string[];
  readonly bytes: number;
  answer(base: number): void;
  refuse(error: Error): void;
}

function setup() {
  const requests: Request[] = [];
  const queue = new PartitionQueue(
    't',
    3,
    (_topic, _partition, records) =>
      new Promise((answer, refuse) => {
        const bytes = records.reduce((sum, record) => sum + outgoingBytes(record), 0);
        requests.push({ values: records.map(({ value }) => String(value)), bytes, answer, refuse });
      }),
  );
  const send = (...values: string[]) => {
    const delivery = new Delivery(values.length);
    values.forEach((value, index) => {
      const record: OutgoingRecord = { topic: 't', value };
      queue.add({ record, bytes: outgoingBytes(record), delivery, index });
    });
    return delivery.promise;
  };
  return { requests, queue, send };
}

const turn = () => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

describe('partition queue', () => {
  it('puts what is sent in one turn of the event loop into one request', async () => {
    const { requests, send } = setup();
    const sent = [send('a'), send('b', 'c')];
    await Promise.resolve().then(() => sent.push(send('d')));
    await turn();
    expect(requests.map(({ values }) => values)).toEqual([['a', 'b', 'c', 'd']]);
    requests[0]?.answer(10);
    expect(await Promise.all(sent)).toEqual([
      [{ topic: 't', partition: 3, offset: 10 }],
      [
        { topic: 't', partition: 3, offset: 11 },
        { topic: 't', partition: 3, offset: 12 },
      ],
      [{ topic: 't', partition: 3, offset: 13 }],
    ]);
  });

  it('has one request under way and gathers meanwhile', async () => {
    const { requests, queue, send } = setup();
    void send('a');
    await turn();
    void send('b');
    await turn();
    const last = send('c');
    await turn();
    expect(requests).toHaveLength(1);
    requests[0]?.answer(0);
    await turn();
    expect(requests[1]?.values).toEqual(['b', 'c']);
    expect(queue.idle).toBe(false);
    requests[1]?.answer(1);
    await last;
    await queue.whenIdle();
    expect(queue.idle).toBe(true);
  });

  it('bounds requests in count and bytes, and sends a record that is larger alone', async () => {
    const { requests, send } = setup();
    const large = 'x'.repeat(REQUEST_BYTES + 1);
    void send(
      ...Array.from({ length: REQUEST_RECORDS + 1 }, () => 's'),
      large,
      'y'.repeat(300_000),
      'z'.repeat(300_000),
    );
    for (let n = 0; n < 5; n++) {
      await turn();
      requests[n]?.answer(0);
    }
    expect(requests.map(({ values }) => values.length)).toEqual([REQUEST_RECORDS, 1, 1, 1, 1]);
    expect(requests.filter(({ bytes }) => bytes > REQUEST_BYTES)).toHaveLength(1);
  });

  it('fails a call when all its records have settled, and only calls of that request', async () => {
    const { requests, send } = setup();
    const first = send('a').catch((error: unknown) => error);
    await turn();
    const second = send('b');
    requests[0]?.refuse(new Error('refused'));
    expect(await first).toEqual(new Error('refused'));
    await turn();
    requests[1]?.answer(5);
    expect(await second).toEqual([{ topic: 't', partition: 3, offset: 5 }]);
  });
});
