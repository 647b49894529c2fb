import type { OutgoingRecord } from '@kafka-worker/engine';
import type { IHeaders, Message } from 'kafkajs';

/** A record as kafkajs takes it, for one partition. */
export function toMessage({ key, value, headers, timestamp }: OutgoingRecord, partition: number): Message {
  const message: Message = { key: key ?? null, value, partition };
  if (timestamp !== undefined) message.timestamp = String(timestamp);
  if (headers) {
    const given: IHeaders = {};
    for (const name in headers) if (headers[name] !== undefined) given[name] = headers[name];
    message.headers = given;
  }
  return message;
}
