/** A record as kafkajs decodes it. */
interface FetchedRecord {
  readonly offset: string;
  readonly key: Buffer | null;
  /** Markers of the log. kafkajs passes them by, and no handler sees them. */
  isControlRecord: boolean;
  readonly batchContext: { readonly producerId: string; readonly inTransaction: boolean };
}

/** A transaction that was aborted, of which something stands in what was fetched. */
interface AbortedTransaction {
  readonly producerId: string;
  readonly firstOffset: string;
}

/** What a broker has answered a fetch with. */
export interface FetchResponse {
  readonly responses: readonly {
    readonly partitions: readonly {
      readonly messages: FetchedRecord[];
      /** Null or empty: nothing was aborted. */
      abortedTransactions?: readonly AbortedTransaction[] | null;
    }[];
  }[];
}

/** Where the type of a control record stands in its key: behind two bytes of version. */
const TYPE_AT = 2;
const ABORT = 0;

/**
 * Marks what belongs to aborted transactions as records that nobody is to see; their offsets stay, since kafkajs goes on
 * from the last one. In place.
 *
 * kafkajs has a filter of its own, which shows aborted records where transactions overlap (2.2.4): it wants them in the
 * order in which they began, while brokers list them in the order in which they ended; it opens one of them a record, so
 * that of several which had begun before the first fetched record all but one come late; and it takes any record for
 * the end of a transaction whose key is four zero bytes. It has nothing to do after this.
 */
export function hideAborted({ responses }: FetchResponse): void {
  for (const { partitions } of responses) {
    for (const partition of partitions) {
      const { abortedTransactions, messages } = partition;
      if (!abortedTransactions || abortedTransactions.length === 0) continue;
      hide(messages, abortedTransactions);
      partition.abortedTransactions = [];
    }
  }
}

function hide(records: readonly FetchedRecord[], aborted: readonly AbortedTransaction[]): void {
  const begins = aborted
    .map(({ producerId, firstOffset }) => ({ producerId, at: Number(firstOffset) }))
    .sort((a, b) => a.at - b.at);
  /** Producers whose transaction under way is one that was aborted. A producer has one at a time. */
  const open = new Set<string>();
  let next = 0;
  for (const record of records) {
    const { producerId, inTransaction } = record.batchContext;
    for (let begin = begins[next]; begin && begin.at <= Number(record.offset); begin = begins[++next]) {
      open.add(begin.producerId);
    }
    if (!record.isControlRecord) record.isControlRecord = inTransaction && open.has(producerId);
    else if (record.key?.readInt16BE(TYPE_AT) === ABORT) open.delete(producerId);
  }
}
