/**
 * Remembers which keys were settled, and lets one member at a time work on a key. Given to the option `idempotency`.
 * Every call names a token, unique for each attempt, so that one whose lease has run out cannot touch its successor's.
 */
export interface IdempotencyStore {
  /** For messages only. */
  readonly name: string;
  /** Connects. Called once, at the start. @throws KafkaWorkerError STORE_FAILED */
  open(): Promise<void>;
  /**
   * Takes the key for `leaseMs` where nobody has it and it was not settled. Atomic.
   * @throws KafkaWorkerError STORE_FAILED
   */
  acquire(key: string, token: string, leaseMs: number): Promise<IdempotencyAnswer>;
  /** Holds the key `leaseMs` longer from now. @returns false where the token does not hold it any more. @throws STORE_FAILED */
  renew(key: string, token: string, leaseMs: number): Promise<boolean>;
  /**
   * The key is settled for `ttlMs`: nobody gets it before that. @returns false where the token does not hold it any
   * more, and nothing was changed. @throws STORE_FAILED
   */
  settle(key: string, token: string, ttlMs: number): Promise<boolean>;
  /** Gives the key back unsettled; does nothing where the token does not hold it. @throws STORE_FAILED */
  release(key: string, token: string): Promise<void>;
  /** Idempotent, never rejects. */
  close(): Promise<void>;
}

/**
 * acquired  the caller works on it now
 * settled   somebody has, within the last `ttlMs`
 * held      somebody else is at it; ask again when the lease could be over
 */
export type IdempotencyAnswer =
  | { readonly state: 'acquired' }
  | { readonly state: 'settled' }
  | { readonly state: 'held'; readonly leaseLeftMs: number };
