/** What the store uses of a client of `pg`: a `PoolClient` is one. */
export interface PgClient {
  query(statement: { text: string; values?: unknown[]; name?: string }): Promise<PgResult>;
  on(event: 'error', listener: (error: Error) => void): unknown;
  removeListener(event: 'error', listener: (error: Error) => void): unknown;
  /** Given `true`, the pool closes the connection instead of keeping it. */
  release(destroy?: boolean): void;
  /** `pg` from 8.17 on: I outside of a transaction, T in one, E in one that failed. */
  getTransactionStatus?(): string | null;
}

/** What a query of `pg` gives. */
export interface PgResult {
  readonly rows: Record<string, unknown>[];
  /** The first word of what the server did: `COMMIT`, `ROLLBACK`, … */
  readonly command: string;
}

/** What the store uses of a pool of `pg`: `Pool` is one. */
export interface PgPool<C extends PgClient = PgClient> {
  connect(): Promise<C>;
  query(statement: { text: string; values?: unknown[] }): Promise<PgResult>;
  on(event: 'error', listener: (error: Error) => void): unknown;
  removeListener(event: 'error', listener: (error: Error) => void): unknown;
}
