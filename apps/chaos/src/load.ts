import type { DriverProducer, OutgoingRecord } from '@kafka-worker/engine';
import { kafkajsDriver } from '@kafka-worker/kafkajs';
import { now } from './clock.js';
import type { Payload } from './handler.js';
import type { Ledger } from './ledger.js';
import { pause } from './waiting.js';

/** What may be said about a record of a load. */
export interface Shape {
  readonly partition?: number;
  readonly key?: string | null;
  readonly slow?: boolean;
}

/** Between two sends of a steady load. Milliseconds. */
const BEAT_MS = 50;

/** Produces numbered records with the driver's own producer and writes what was acknowledged into a ledger. */
export class Load {
  #producer: DriverProducer;
  #n = 0;
  #steady: Promise<void> | undefined;
  #stopping = false;
  /** Sends that were not acknowledged. */
  failed = 0;

  constructor(
    brokers: readonly string[],
    readonly topic: string,
    readonly ledger: Ledger,
    readonly shape: (n: number) => Shape,
  ) {
    this.#producer = kafkajsDriver({ client: { clientId: 'load', brokers: [...brokers] } }).createProducer();
  }

  /** Sends `count` records more and waits for the acknowledgement. */
  async send(count: number): Promise<void> {
    const records = Array.from({ length: count }, () => this.#record(this.#n++));
    const sent = await this.#producer.send(records);
    const at = now();
    sent.forEach(({ partition, offset }, i) => {
      const key = (records[i]?.key as string | null | undefined) ?? null;
      this.ledger.produced.push({ partition, offset, key, at });
    });
  }

  /** Sends about so many records a second until `end`. A send that fails is counted and the load goes on. */
  steady(perSecond: number): void {
    this.#steady = (async () => {
      const since = Date.now();
      for (let sent = 0; !this.#stopping; await pause(BEAT_MS)) {
        const due = Math.floor(((Date.now() - since) / 1000) * perSecond) - sent;
        if (due <= 0) continue;
        sent += due;
        await this.send(due).catch(() => this.failed++);
      }
    })();
  }

  /** Ends a steady load and closes the producer. */
  async end(): Promise<void> {
    this.#stopping = true;
    await this.#steady;
    await this.#producer.close();
  }

  #record(n: number): OutgoingRecord {
    const { partition, key = null, slow } = this.shape(n);
    const payload: Payload = slow === undefined ? { n } : { n, slow };
    const record = { topic: this.topic, key, value: JSON.stringify(payload) };
    return partition === undefined ? record : { ...record, partition };
  }
}
