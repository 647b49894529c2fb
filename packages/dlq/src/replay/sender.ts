import {
  ensureError,
  KafkaWorkerError,
  type DriverProducer,
  type OutgoingRecord,
  type RecordMetadata,
} from '@kafka-worker/engine';

/**
 * sent     the broker has it
 * refused  the broker does not have it, and will not take it
 * unknown  it may have it
 */
export type SendOutcome =
  | { readonly type: 'sent'; readonly at: RecordMetadata }
  | { readonly type: 'refused'; readonly error: Error }
  | { readonly type: 'unknown'; readonly error: Error };

/** Sends requests, and finds out what became of each record. */
export class Sender {
  constructor(private readonly producer: Pick<DriverProducer, 'send'>) {}

  /** One outcome for each record. Never rejects. */
  async send(records: readonly OutgoingRecord[]): Promise<SendOutcome[]> {
    // A call for each, so that each has an answer of its own; drivers put those of one turn into one request.
    const outcomes = await Promise.all(records.map((record) => this.#sendOne(record)));
    if (records.length === 1 || outcomes.some(({ type }) => type === 'unknown')) return outcomes;
    // One that is refused takes its whole request along, of which nothing is written: each once more, by itself.
    for (const [i, { type }] of outcomes.entries()) {
      if (type === 'refused') outcomes[i] = await this.#sendOne(records[i] as OutgoingRecord);
    }
    return outcomes;
  }

  async #sendOne(record: OutgoingRecord): Promise<SendOutcome> {
    try {
      const [at] = await this.producer.send([record]);
      if (at === undefined) throw new Error('the producer has not said where the record stands');
      return { type: 'sent', at };
    } catch (thrown) {
      const error = ensureError(thrown);
      const refused = KafkaWorkerError.is(error) && error.code === 'SEND_FAILED' && !error.canRetry;
      return { type: refused ? 'refused' : 'unknown', error };
    }
  }
}
