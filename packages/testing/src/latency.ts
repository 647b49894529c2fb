/**
 * A message on its way: between a client (`in-memory/consumer-1`, `in-memory/producer-2`, …) and the {@link CLUSTER}, or
 * within that, from one broker to others: the markers that end a transaction.
 */
export interface Hop {
  readonly from: string;
  readonly to: string;
}

/** The cluster's end of a {@link Hop}. */
export const CLUSTER = 'cluster';

/** What one message takes, in milliseconds: always the same, or asked for each hop in the order in which they are sent. */
export type Latency = number | ((hop: Hop) => number);
