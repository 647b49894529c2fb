import { ROOT_CONTEXT, type Context } from '@opentelemetry/api';

/**
 * A context that is one entry and its parent. The API's own copies a map and makes three functions for each value that
 * is set, and a record sets two; this one is a small object. Lookups walk up, through what one record has set.
 * @internal
 */
export class ChainedContext implements Context {
  constructor(
    private readonly parent: Context,
    private readonly key: symbol,
    private readonly value: unknown,
  ) {}

  getValue(key: symbol): unknown {
    return key === this.key ? this.value : this.parent.getValue(key);
  }

  setValue(key: symbol, value: unknown): Context {
    return new ChainedContext(this, key, value);
  }

  deleteValue(key: symbol): Context {
    return new ChainedContext(this, key, undefined);
  }
}

/** The root of what a record sets: nothing of what was active when the engine happened to start it. @internal */
export const RECORD_ROOT: Context = new ChainedContext(ROOT_CONTEXT, Symbol('kafka-worker'), undefined);
