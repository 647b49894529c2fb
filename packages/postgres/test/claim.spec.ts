import { describe, expect, it } from '@jest/globals';
import { postgresStore, type SqlRow, type SqlStatement, type TransactionRunner } from '../src/index.js';

const orders = { groupId: 'shop', topic: 'orders', partition: 0 };

/** What the library does, step by step; every step can be made to fail. */
interface Library {
  begin?(): void;
  settle?(): SqlRow;
  commit?(): void;
  rollBack?(error: unknown): void;
  owned?(): SqlRow;
}

function libraryOf(library: Library): { runner: TransactionRunner<string>; sent: string[] } {
  const sent: string[] = [];
  const answer = (statement: SqlStatement): SqlRow[] => {
    const { text } = statement;
    if (text.includes('RETURNING CAST(p.epoch')) return [{ epoch: '7' }];
    if (text.includes('to_regclass')) return [{ found: true }];
    if (text.includes('AS marked')) return [library.settle?.() ?? { owned: true, marked: true }];
    if (/^\s*SELECT EXISTS/.test(text)) return [library.owned?.() ?? { owned: true }];
    return [];
  };
  return {
    sent,
    runner: {
      query: (statement) => Promise.resolve(answer(statement)),
      transaction: async (work) => {
        library.begin?.();
        try {
          const result = await work('tx', (statement) => Promise.resolve().then(() => answer(statement)));
          sent.push('COMMIT');
          library.commit?.();
          return result;
        } catch (error) {
          sent.push('ROLLBACK');
          library.rollBack?.(error);
          throw error;
        }
      },
    },
  };
}

async function claimOn(library: Library) {
  const { runner, sent } = libraryOf(library);
  const store = postgresStore({ runner });
  await store.open();
  return { claim: await store.claim(orders), sent };
}

const outcome = (promise: Promise<unknown>): Promise<unknown> => promise.catch((error: unknown) => error);
const stateOf = (code: string): Error => Object.assign(new Error(`state ${code}`), { code });

describe('a claim, on any library', () => {
  it('hands over what the library calls a transaction', async () => {
    const { claim, sent } = await claimOn({});
    let seen: unknown;
    expect(await claim.transact(1, (transaction) => (seen = transaction))).toBe('done');
    expect(seen).toBe('tx');
    expect(sent).toEqual(['COMMIT']);
  });

  it('throws what the handler threw, whatever the library makes of it', async () => {
    const error = new Error('mine');
    for (const rollBack of [
      (cause: unknown): never => {
        throw new Error('wrapped', { cause });
      },
      (): never => {
        throw stateOf('08006');
      },
    ]) {
      const { claim } = await claimOn({ rollBack });
      expect(await outcome(claim.transact(1, () => Promise.reject(error)))).toBe(error);
    }
  });

  it.each<[string, SqlRow, object]>([
    ['fenced', { owned: false, marked: false }, { code: 'STORE_FENCED' }],
    ['settled before', { owned: true, marked: false }, {}],
  ])('rolls back what is %s, and tells so though the library wraps errors', async (_what, row, expected) => {
    const { claim, sent } = await claimOn({
      settle: () => row,
      rollBack: (cause) => {
        throw new Error('wrapped', { cause });
      },
    });
    const told = await outcome(claim.transact(1, () => undefined));
    if (row['owned'] === true) expect(told).toBe('already');
    else expect(told).toMatchObject(expected);
    expect(sent).toEqual(['ROLLBACK']);
  });

  it.each(['ECONNRESET', '08006', '57P01', '25P03', '53300', '40003'])(
    'is STORE_FAILED where COMMIT fails with %s',
    async (code) => {
      const commit = (): never => {
        throw stateOf(code);
      };
      const { claim } = await claimOn({ commit });
      expect(await outcome(claim.transact(1, () => undefined))).toMatchObject({
        code: 'STORE_FAILED',
        canRetry: true,
        cause: { code },
        message: `PostgreSQL: the commit of orders/0 of group shop@1 failed: state ${code}`,
      });
    },
  );

  it.each(['23503', '23505', '40001', '40P01', 'P0001'])(
    'lets a COMMIT that was refused with %s through: it is of what the handler wrote',
    async (code) => {
      const error = stateOf(code);
      const commit = (): never => {
        throw error;
      };
      const { claim } = await claimOn({ commit });
      expect(await outcome(claim.transact(1, () => undefined))).toBe(error);
    },
  );

  it('is STORE_FAILED where no transaction can be begun, and does not call the handler', async () => {
    const { claim } = await claimOn({
      begin: () => {
        throw stateOf('23505');
      },
    });
    let called = false;
    expect(await outcome(claim.transact(1, () => (called = true)))).toMatchObject({ code: 'STORE_FAILED' });
    expect(called).toBe(false);
  });

  it('tells a conflict in its last statement from being fenced', async () => {
    const conflict = stateOf('40001');
    const settle = (): never => {
      throw conflict;
    };
    const stillOwner = await claimOn({ settle });
    expect(await outcome(stillOwner.claim.transact(1, () => undefined))).toBe(conflict);
    const fenced = await claimOn({ settle, owned: () => ({ owned: false }) });
    expect(await outcome(fenced.claim.transact(1, () => undefined))).toMatchObject({
      code: 'STORE_FENCED',
      cause: conflict,
    });
    const away = await claimOn({
      settle,
      owned: () => {
        throw stateOf('08006');
      },
    });
    expect(await outcome(away.claim.transact(1, () => undefined))).toMatchObject({ code: 'STORE_FAILED' });
  });
});

describe('options', () => {
  const { runner } = libraryOf({});

  it('need a pool or a runner', () => {
    expect(() => postgresStore({} as { runner: typeof runner })).toThrow(/needs `pool`.*or `runner`/);
  });

  it('name what is too long for PostgreSQL, which would cut it off', () => {
    expect(() => postgresStore({ runner, prefix: 'x'.repeat(53) })).not.toThrow();
    expect(() => postgresStore({ runner, prefix: 'x'.repeat(54) })).toThrow(/"prefix".*x_?partitions.*63/s);
    expect(() => postgresStore({ runner, schema: 'ü'.repeat(32) })).toThrow(/"schema"/);
    expect(() => postgresStore({ runner, schema: '' })).toThrow(/"schema"/);
  });
});
