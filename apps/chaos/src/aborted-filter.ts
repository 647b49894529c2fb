/** A record as it comes in a fetch, control records included. */
export interface FetchedRecord {
  readonly offset: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly isControlRecord: boolean;
  readonly batchContext: { readonly producerId: string; readonly inTransaction: boolean };
}

/** A transaction that was aborted, as the broker lists it with what it gives out. */
export interface AbortedTransaction {
  readonly producerId: string;
  readonly firstOffset: string;
}

/** The type in the key of a control record, behind two bytes of version: the transaction was aborted. */
const TYPE_AT = 2;
const ABORT = 0;

/**
 * Takes out of a fetch what belongs to aborted transactions, and control records. Written from the protocol's
 * description, since kafkajs' own does not hold: it wants the list in the order in which transactions began, and the
 * broker gives it in the order in which they ended; and of several that had begun before it opens one only.
 */
export function withoutAborted(
  records: readonly FetchedRecord[],
  aborted: readonly AbortedTransaction[],
): FetchedRecord[] {
  const begins = aborted
    .map(({ producerId, firstOffset }) => ({ producerId, firstOffset: Number(firstOffset) }))
    .sort((a, b) => a.firstOffset - b.firstOffset);
  const open = new Set<string>();
  return records.filter(({ offset, key, isControlRecord, batchContext: { producerId, inTransaction } }) => {
    for (let next = begins[0]; next !== undefined && next.firstOffset <= Number(offset); next = begins[0]) {
      open.add(next.producerId);
      begins.shift();
    }
    if (!isControlRecord) return !(inTransaction && open.has(producerId));
    if (key?.readInt16BE(TYPE_AT) === ABORT) open.delete(producerId);
    return false;
  });
}
