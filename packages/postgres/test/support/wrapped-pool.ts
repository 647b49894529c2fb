import type pg from 'pg';

/** What happens around statements; the text of each is given. */
export interface Hooks {
  before?(text: string, client: pg.PoolClient): Promise<unknown> | void;
  /** A rejection takes the place of the answer. */
  after?(text: string, client: pg.PoolClient): Promise<unknown> | void;
}

/** A pool whose clients do something around their statements. The pool's own `query` is left alone. */
export function wrappedPool(pool: pg.Pool, hooks: Hooks): pg.Pool {
  const wrap = (client: pg.PoolClient): pg.PoolClient => {
    const query = async (statement: { text: string }, ...others: never[]): Promise<unknown> => {
      const text = typeof statement === 'string' ? statement : statement.text;
      await hooks.before?.(text, client);
      const result: unknown = await client.query(statement, ...others);
      await hooks.after?.(text, client);
      return result;
    };
    return new Proxy(client, {
      get: (target, name) => {
        if (name === 'query') return query;
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      },
      set: (target, name, value) => Reflect.set(target, name, value, target),
    });
  };
  return new Proxy(pool, {
    get: (target, name) => {
      if (name === 'connect') return async () => wrap(await target.connect());
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}
