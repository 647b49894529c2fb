/** A promise that a test settles by hand. */
export interface Deferred<T> {
  readonly promise: Promise<T>;
  /** Harmless once settled. */
  readonly resolve: (value: T | PromiseLike<T>) => void;
  /** Harmless once settled. */
  readonly reject: (reason: unknown) => void;
  /** True once `resolve` or `reject` has been called. */
  readonly settled: boolean;
}

/** Makes a promise and the two functions that settle it. A rejection nobody awaits is not reported as unhandled. */
export function deferred<T = void>(): Deferred<T> {
  let settled = false;
  let resolvePromise!: (value: T | PromiseLike<T>) => void;
  let rejectPromise!: (reason: unknown) => void;
  const promise = new Promise<T>((resolve, reject) => {
    resolvePromise = resolve;
    rejectPromise = reject;
  });
  promise.catch(() => undefined);
  return {
    promise,
    resolve: (value) => {
      settled = true;
      resolvePromise(value);
    },
    reject: (reason) => {
      settled = true;
      rejectPromise(reason);
    },
    get settled() {
      return settled;
    },
  };
}
