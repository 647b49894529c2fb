import { setTimeout } from 'node:timers/promises';
import type { DriverProducer, OutgoingRecord } from '@kafka-worker/engine';
import { keyPicker } from './key-picker.js';
import { payloadOf } from './payload.js';
import type { ProduceOptions } from './produce-options.js';

/** Most records in one send. */
const CHUNK = 1000;
/** Between two sends at a rate. Milliseconds. */
const TICK_MS = 50;

/** What the producer has done so far. */
export interface Sent {
  readonly records: number;
  readonly bytes: number;
  readonly ms: number;
  /** How often the most frequent key came. */
  readonly hottest: { readonly key: string; readonly records: number } | undefined;
}

/**
 * Sends the records, at the rate asked for, and tells after each send. Ends early when the signal aborts; what it
 * reports the brokers have acknowledged.
 */
export async function sendAll(
  producer: DriverProducer,
  options: ProduceOptions,
  tell: (sent: Sent) => void,
  signal: AbortSignal,
): Promise<Sent> {
  const { topic, records, rate, keys, skew } = options;
  const nextKey = keyPicker(keys, skew);
  const counts = new Map<string, number>();
  const startedAt = Date.now();
  let hottest: Sent['hottest'];
  let sent = 0;
  let bytes = 0;
  const report = (): Sent => ({ records: sent, bytes, ms: Date.now() - startedAt, hottest });

  while (sent < records && !signal.aborted) {
    // At a rate: as many as are due by now, so that a slow send is made up for by the next.
    const due = rate === undefined ? Infinity : Math.floor((rate * (Date.now() - startedAt)) / 1000) + 1;
    const count = Math.min(CHUNK, records - sent, due - sent);
    if (count > 0) {
      const batch = Array.from({ length: count }, (_, i): OutgoingRecord => {
        const key = nextKey();
        const value = payloadOf(options, sent + i, key, Date.now());
        return { topic, value, ...(key === undefined ? {} : { key }) };
      });
      await producer.send(batch);
      sent += count;
      for (const { key, value } of batch) {
        bytes += Buffer.byteLength(value ?? '');
        if (typeof key !== 'string') continue;
        const times = (counts.get(key) ?? 0) + 1;
        counts.set(key, times);
        if (times > (hottest?.records ?? 0)) hottest = { key, records: times };
      }
      tell(report());
    }
    if (rate !== undefined && sent < records) {
      await setTimeout(Math.max(TICK_MS, 1000 / rate / 2), undefined, { signal }).catch(() => undefined);
    }
  }
  return report();
}
