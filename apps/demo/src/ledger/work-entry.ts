/** What a handler reports of itself. Comes from the shop's handlers, not from the engine: the ledger checks the engine. */
export interface WorkEntry {
  readonly kind: 'start' | 'done' | 'failed';
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** The customer. */
  readonly key: string;
  readonly orderId: number;
  /** The how manyth order of this customer it is, from 1, as the producer counted. */
  readonly seq: number;
}

/** Which records of a topic may not overtake each other. */
export type OrderRule = 'key' | 'partition' | 'unordered';
