import type { Delivery, KafkaRecord, OutgoingRecord, RecordOrigin } from '@kafka-worker/engine';

/** A delivery that tells what its handler sends in the transaction. */
export class AttributedDelivery implements Delivery {
  constructor(
    private readonly delivery: Delivery,
    private readonly sending: (record: OutgoingRecord) => void,
  ) {}

  get record(): KafkaRecord {
    return this.delivery.record;
  }

  get worker(): string {
    return this.delivery.worker;
  }

  get groupId(): string {
    return this.delivery.groupId;
  }

  get attempt(): number {
    return this.delivery.attempt;
  }

  get queuedMs(): number | undefined {
    return this.delivery.queuedMs;
  }

  get traceId(): string | undefined {
    return this.delivery.traceId;
  }

  get signal(): AbortSignal {
    return this.delivery.signal;
  }

  get highWatermark(): number {
    return this.delivery.highWatermark;
  }

  get origin(): RecordOrigin | undefined {
    return this.delivery.origin;
  }

  get transaction(): unknown {
    return this.delivery.transaction;
  }

  send(records: OutgoingRecord | readonly OutgoingRecord[]): void {
    this.delivery.send(records);
    const list: readonly OutgoingRecord[] = 'topic' in records ? [records] : records;
    for (const record of list) this.sending(record);
  }

  commit(): Promise<void> {
    return this.delivery.commit();
  }
}
