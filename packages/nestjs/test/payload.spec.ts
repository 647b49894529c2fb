import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import { createPayloadReader, type ReadableDelivery } from '../src/payload/payload-reader.js';
import { KafkaParser } from '@nestjs/microservices/helpers/index.js';
import { decode } from '../src/payload/decode.js';
import { encode } from '../src/producer/outgoing.js';
import type { RecordOrigin } from '@kafka-worker/engine';

const delivered = (value: string | null, origin?: RecordOrigin): ReadableDelivery => ({
  record: {
    topic: origin === undefined ? 'orders' : 'orders.group.retry-1000',
    partition: 0,
    offset: 7,
    timestamp: 5,
    key: Buffer.from('k'),
    value: value === null ? null : Buffer.from(value),
    headers: { h: Buffer.from('{"a":1}'), list: ['x', Buffer.from('y')] },
  },
  origin,
});

describe('payloads', () => {
  it.each([
    null,
    '',
    'text',
    '5',
    'true',
    'null',
    '"quoted"',
    '{"a":1}',
    '[1]',
    '{broken',
    ' {"a":1}',
    '\0{"a":1}',
    '\uFEFF{"a":1}',
    'ü{}',
  ])('%j is decoded as by KafkaParser', (text) => {
    const bytes = text === null ? null : Buffer.from(text);
    expect(decode(bytes)).toEqual(new KafkaParser().decode(bytes as Buffer));
  });

  it('keepBinary leaves the bytes', () => {
    const { read } = createPayloadReader({ keepBinary: true });
    expect(read(delivered('{}'))).toEqual(Buffer.from('{}'));
  });

  it("a deserializer gets Nest's message, and its data is the payload", async () => {
    const { read } = createPayloadReader({
      deserializer: { deserialize: (message: unknown, options) => ({ pattern: '', data: [message, options] }) },
    });
    expect(await read(delivered('{"a":1}'))).toEqual([
      {
        topic: 'orders',
        partition: 0,
        offset: '7',
        timestamp: '5',
        attributes: 0,
        key: 'k',
        value: { a: 1 },
        headers: { h: { a: 1 }, list: ['x', 'y'] },
      },
      { channel: 'orders' },
    ]);
  });

  it('a deserializer is told the topic that a record of a retry topic comes from', async () => {
    const { read } = createPayloadReader({
      deserializer: { deserialize: (_message: unknown, options) => ({ pattern: '', data: options }) },
    });
    const origin = { topic: 'orders', partition: 0, offset: 3, timestamp: 5, attempts: 1, firstFailedAt: 6 };
    expect(await read(delivered('x', origin))).toEqual({ channel: 'orders' });
  });

  it('a deserializer that throws is a PayloadError with the cause', async () => {
    const cause = new Error('no magic byte');
    const { read } = createPayloadReader({ deserializer: { deserialize: () => Promise.reject(cause) } });
    await expect(read(delivered('x'))).rejects.toMatchObject({ name: 'PayloadError', code: 'DESERIALIZE', cause });
  });

  it('a schema gives its output or says what is wrong', async () => {
    const validate = (value: unknown) =>
      value === 'good'
        ? { value: 'better' }
        : { issues: [{ message: 'is bad', path: ['a', { key: 0 }] }, { message: 'really' }] };
    const { read } = createPayloadReader({ schema: { '~standard': { version: 1, vendor: 'test', validate } } });
    expect(await read(delivered('good'))).toBe('better');
    await expect(read(delivered('other'))).rejects.toThrow('the schema refused the payload: a.0: is bad; really');
  });
});

describe('encode', () => {
  class Money {
    toString(): string {
      return '5 EUR';
    }
  }
  class Plain {
    a = 1;
  }
  it.each([
    [undefined, null],
    [null, null],
    ['x', 'x'],
    [5, '5'],
    [false, 'false'],
    [{ a: [1] }, '{"a":[1]}'],
    [[1], '[1]'],
    [new Plain(), '{"a":1}'],
    [new Money(), '5 EUR'],
    [Buffer.from('b'), Buffer.from('b')],
    [new Uint8Array([1, 2]), Buffer.from([1, 2])],
  ])('%j', (given, expected) => {
    expect(encode(given)).toEqual(expected);
  });
});
