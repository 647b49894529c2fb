import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { embeddedPostgres, type EmbeddedPostgres } from '@app/services';
import type { TestingModuleBuilder } from '@nestjs/testing';
import { Pool } from 'pg';
import { play } from '../src/harness/play.js';
import { exactlyOncePerRecord } from '../src/recipes/10-exactly-once/recipe.js';
import { expectExactlyOnce } from './expected/10-exactly-once.js';
import { PaymentsModule } from '../src/recipes/10-exactly-once/payments.module.js';
import { ReceiptsService } from '../src/recipes/10-exactly-once/receipts.service.js';
import { testRecipe } from './support/test-recipe.js';

jest.setTimeout(90_000);

it('a row that was written and not committed at kill -9 is there once in the end', async () => {
  expectExactlyOnce(await play(exactlyOncePerRecord));
});

it('the same where nothing is installed', async () => {
  expectExactlyOnce(await play(exactlyOncePerRecord, { embeddedDatabase: true }));
});

describe('the handler', () => {
  let database: EmbeddedPostgres;
  beforeAll(async () => {
    database = await embeddedPostgres();
  });
  afterAll(() => database.stop());
  beforeEach(async () => {
    const { pool } = database;
    await pool.query('DROP SCHEMA public CASCADE');
    await pool.query('CREATE SCHEMA public');
    await pool.query('CREATE TABLE ledger (payment text NOT NULL, amount integer NOT NULL)');
  });

  /** The pool is the test's own, which the module must not end. */
  function onDatabase(builder: TestingModuleBuilder): TestingModuleBuilder {
    const { pool } = database;
    const kept: Partial<Pool> = {
      connect: pool.connect.bind(pool) as Pool['connect'],
      query: pool.query.bind(pool) as Pool['query'],
      on: pool.on.bind(pool),
      removeListener: pool.removeListener.bind(pool),
      end: (async () => undefined) as Pool['end'],
    };
    return builder.overrideProvider(Pool).useValue(kept);
  }
  const ledger = async (): Promise<unknown[]> => (await database.pool.query('SELECT * FROM ledger')).rows;

  it('enters a payment and prints its receipt', async () => {
    const { kafka } = await testRecipe(PaymentsModule, {}, onDatabase);
    const { disposition, produced } = await kafka.deliver('payments', { id: 'p-1', amount: 10, ms: 0 });
    expect(disposition).toBe('done');
    expect(produced).toMatchObject([{ topic: 'receipts', payload: { payment: 'p-1' } }]);
    expect(await ledger()).toEqual([{ payment: 'p-1', amount: 10 }]);
  });

  it('takes the row back where what follows fails, and enters it once', async () => {
    const print = jest.fn<ReceiptsService['print']>().mockRejectedValueOnce(new Error('no paper')).mockResolvedValue();
    const { kafka } = await testRecipe(PaymentsModule, {}, (builder) =>
      onDatabase(builder).overrideProvider(ReceiptsService).useValue({ print }),
    );
    expect(await kafka.deliver('payments', { id: 'p-1', amount: 10, ms: 0 })).toMatchObject({
      disposition: 'done',
      attempts: 2,
    });
    expect(print).toHaveBeenCalledTimes(2);
    expect(await ledger()).toEqual([{ payment: 'p-1', amount: 10 }]);
  });
});
