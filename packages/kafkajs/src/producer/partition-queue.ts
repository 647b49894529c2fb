import type { OutgoingRecord, RecordMetadata } from '@kafka-worker/engine';
import type { Delivery } from './delivery.js';

/** Records of one request at most. kafkajs copies its list once per record, so that long ones get slow. */
export const REQUEST_RECORDS = 1000;
/** Bytes of one request at most, a single record that is larger excepted: half of what brokers take by default. */
export const REQUEST_BYTES = 512 * 1024;
/** What a record takes in the log beside key, value and headers; generous. */
const RECORD_OVERHEAD_BYTES = 64;

/** A record on its way, and whom to tell. */
export interface Outgoing {
  readonly record: OutgoingRecord;
  readonly bytes: number;
  readonly delivery: Delivery;
  /** Its place in the `send` it came with. */
  readonly index: number;
}

/** Sends one request of one partition: the offset of its first record, when the broker has all of them. */
export type SendRequest = (topic: string, partition: number, records: readonly OutgoingRecord[]) => Promise<number>;

/**
 * Records for one partition, in the order of the calls. At most one request is under way, which keeps the order
 * whatever is retried; what comes meanwhile gathers for the next one.
 */
export class PartitionQueue {
  private waiting: Outgoing[] = [];
  /** Those of `waiting` before this are sent. */
  private start = 0;
  /** A request is under way, or will be in the next turn of the event loop. */
  private busy = false;
  private emptied: (() => void)[] = [];

  constructor(
    readonly topic: string,
    readonly partition: number,
    private readonly request: SendRequest,
  ) {}

  get idle(): boolean {
    return !this.busy;
  }

  add(outgoing: Outgoing): void {
    this.waiting.push(outgoing);
    if (this.busy) return;
    this.busy = true;
    // Whatever is sent in this turn of the event loop shares a request.
    setImmediate(() => void this.run());
  }

  /** Resolves when nothing is waiting or under way. */
  whenIdle(): Promise<void> {
    return this.idle ? Promise.resolve() : new Promise((resolve) => this.emptied.push(resolve));
  }

  private async run(): Promise<void> {
    for (let next = this.take(); next.length > 0; next = this.take()) await this.send(next);
    this.busy = false;
    for (const done of this.emptied.splice(0)) done();
  }

  private async send(outgoing: readonly Outgoing[]): Promise<void> {
    const { topic, partition } = this;
    try {
      const base = await this.request(
        topic,
        partition,
        outgoing.map(({ record }) => record),
      );
      outgoing.forEach(({ delivery, index }, i) => {
        const metadata: RecordMetadata = { topic, partition, offset: base + i };
        delivery.acknowledged(index, metadata);
      });
    } catch (error) {
      for (const { delivery } of outgoing) delivery.failed(error as Error);
    }
  }

  private take(): Outgoing[] {
    const { waiting, start } = this;
    let end = start;
    for (let bytes = 0; end < waiting.length && end - start < REQUEST_RECORDS; end++) {
      bytes += (waiting[end] as Outgoing).bytes;
      if (bytes > REQUEST_BYTES && end > start) break;
    }
    const taken = waiting.slice(start, end);
    if (end === waiting.length) {
      this.waiting = [];
      this.start = 0;
    } else {
      this.start = end;
    }
    return taken;
  }
}

/** What a record counts for in a request. */
export function outgoingBytes({ key, value, headers }: OutgoingRecord): number {
  let bytes = RECORD_OVERHEAD_BYTES + size(key) + size(value);
  for (const name in headers) {
    const header = headers[name];
    bytes += name.length + 8;
    if (Array.isArray(header)) for (const one of header) bytes += name.length + size(one);
    else bytes += size(header);
  }
  return bytes;
}

function size(data: Buffer | string | null | undefined): number {
  return data === null || data === undefined ? 0 : typeof data === 'string' ? Buffer.byteLength(data) : data.length;
}
