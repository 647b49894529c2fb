import { describe, expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { Ctx, MessagePattern, Payload, RpcException } from '@nestjs/microservices';
import { deferred } from '@kafka-worker/testing';
import {
  deadLetter,
  exactlyOnce,
  KafkaWorker,
  KafkaWorkerContext,
  KafkaWorkerRuntime,
  skip,
  transactional,
  type KafkaWorkerOptions,
} from '@kafka-worker/nestjs';
import { MemoryKeys, MemoryStore, type Rows } from '../support/stores.js';
import { tested, type TestedModule } from '../support/tester.js';

type Handler = (payload: unknown, context: KafkaWorkerContext) => unknown;

const once = { attempts: 1 };

/** A worker for `orders` that does what the test says. */
function ordersWorker(handle: Handler, options: KafkaWorkerOptions): Promise<TestedModule> {
  @Controller()
  class OrdersWorker {
    @KafkaWorker({ topic: 'orders', retry: once, ...options })
    onOrder(@Payload() payload: unknown, @Ctx() context: KafkaWorkerContext): unknown {
      return handle(payload, context);
    }
  }
  return tested({ controllers: [OrdersWorker] }, { topics: { orders: 2 } });
}

describe('at-most-once', () => {
  it('has committed the record before its handler starts', async () => {
    const committed: (number | undefined)[] = [];
    const { kafka } = await ordersWorker(() => void committed.push(kafka.committed('orders')), {
      delivery: 'at-most-once',
    });
    expect(await kafka.deliver('orders', { value: 1, partition: 0 })).toMatchObject({ disposition: 'done' });
    expect(committed).toEqual([1]);
  });

  it('makes one attempt and skips', async () => {
    const { kafka } = await ordersWorker(
      () => {
        throw new Error('no');
      },
      { delivery: 'at-most-once', retry: {} },
    );
    expect(await kafka.deliver('orders', {})).toMatchObject({ disposition: 'skipped', attempts: 1 });
  });

  it('waits in the time of the test for a commit that is slow', async () => {
    const { kafka } = await ordersWorker(() => undefined, { delivery: 'at-most-once' });
    kafka.cluster.faults.commit({ requestDelayMs: 5000 });
    const started = performance.now();
    expect(await kafka.deliver('orders', {})).toMatchObject({ disposition: 'done', durationMs: 5000 });
    expect(performance.now() - started).toBeLessThan(900);
  });
});

describe('transactional()', () => {
  const delivery = transactional();

  it('is waited for by deliver, which has what was sent in the transaction', async () => {
    const { kafka } = await ordersWorker(
      (id, context) => {
        context.send({ topic: 'shipments', key: 'k', value: { id } });
        context.send([{ topic: 'mails', value: id }]);
      },
      { delivery },
    );
    const result = await kafka.deliver('orders', { value: 7, partition: 0 });
    expect(result).toMatchObject({ disposition: 'done', durationMs: 0 });
    expect(result.produced).toMatchObject([
      { topic: 'shipments', key: 'k', payload: { id: '7' } },
      { topic: 'mails', payload: '7' },
    ]);
    expect(kafka.produced('mails')).toHaveLength(1);
    expect(kafka.committed('orders')).toBe(1);
  });

  it('sends once what several attempts sent, each to its own record', async () => {
    const { kafka } = await ordersWorker(
      (id, context) => {
        context.send({ topic: 'shipments', value: 'same' });
        if (id === 'flaky' && context.getAttempt() === 1) throw new Error('once more');
      },
      { delivery, retry: { attempts: 2 }, concurrency: 'unordered' },
    );
    const values = ['flaky', 'good', 'good', 'flaky'];
    const results = await kafka.deliverAll(
      'orders',
      values.map((value, index) => ({ value, partition: index % 2 })), // a transaction for each partition
    );
    expect(results.map(({ produced }) => produced.length)).toEqual([1, 1, 1, 1]);
    const places = results.flatMap(({ produced }) => produced.map(({ partition, offset }) => `${partition}@${offset}`));
    expect(new Set(places).size).toBe(4);
    expect(kafka.produced('shipments')).toHaveLength(4);
  });

  it('shows what was sent where the answer to the commit was lost', async () => {
    const { kafka } = await ordersWorker((id, context) => context.send({ topic: 'shipments', value: id }), {
      delivery,
    });
    kafka.cluster.faults.transaction({ lost: 'answer' });
    const result = await kafka.deliver('orders', 'a');
    expect(result.produced).toMatchObject([{ topic: 'shipments', payload: 'a' }]);
    kafka.cluster.faults.transaction({ lost: 'request' });
    const second = await kafka.deliver('orders', { value: 'b', partition: 0 });
    expect(second.produced).toMatchObject([{ topic: 'shipments', payload: 'b' }]);
    expect(kafka.produced()).toHaveLength(2);
  });

  it('does not pass a record whose handler runs, nor wait for it', async () => {
    const gate = deferred();
    const { kafka } = await ordersWorker((payload) => (payload === 'slow' ? gate.promise : undefined), {
      delivery,
      concurrency: 'unordered',
    });
    const slow = kafka.deliver('orders', { value: 'slow', partition: 0 }, { patienceMs: 20 });
    expect(await kafka.deliver('orders', { value: 'quick', partition: 0 }, { patienceMs: 20 })).toMatchObject({
      disposition: 'done',
    });
    expect(kafka.committed('orders')).toBe(0);
    gate.resolve();
    await slow;
    expect(kafka.committed('orders')).toBe(2);
  });

  it('has dead letters in the transaction', async () => {
    const { kafka } = await ordersWorker(
      (_payload, context) => {
        context.send({ topic: 'shipments', value: 'never' });
        throw new Error('no');
      },
      { delivery, onFailure: deadLetter({ topic: 'orders.dead' }) },
    );
    const result = await kafka.deliver('orders', { id: 1 });
    expect(result).toMatchObject({ disposition: 'dead-lettered', produced: [] });
    expect(kafka.produced()).toMatchObject([{ topic: 'orders.dead', payload: { id: 1 } }]);
  });

  it('is not committed by hand; commit() of the tester waits for it', async () => {
    const { kafka, moduleRef } = await ordersWorker(() => undefined, { delivery });
    const delivered = kafka.deliver('orders', { value: 1, partition: 0 }, { moveTime: false });
    await kafka.tick();
    await expect(moduleRef.get(KafkaWorkerRuntime).commit({ topic: 'orders' })).rejects.toMatchObject({
      code: 'NOT_TRANSACTIONAL',
    });
    expect(kafka.committed('orders')).toBeUndefined();
    await kafka.commit();
    expect(kafka.committed('orders')).toBe(1);
    await delivered;
  });

  it('has answers in the transaction, and errors beside it', async () => {
    @Controller()
    class Sums {
      @MessagePattern('sums')
      @KafkaWorker({ delivery })
      sum(@Payload() numbers: number[], @Ctx() context: KafkaWorkerContext): number {
        context.send({ topic: 'audit', value: numbers });
        if (numbers.length === 0) throw new RpcException('nothing to add');
        return numbers.reduce((sum, n) => sum + n, 0);
      }
    }
    const { kafka } = await tested({ controllers: [Sums] });
    const headers = { kafka_correlationId: 'c-1', kafka_replyTopic: 'sums.reply' };
    const good = await kafka.deliver('sums', { value: [1, 2], headers });
    expect(good.produced).toMatchObject([{ topic: 'audit' }, { topic: 'sums.reply', payload: '3' }]);
    const bad = await kafka.deliver('sums', { value: [], headers });
    expect(bad).toMatchObject({ disposition: 'skipped', error: { message: 'answered with an error: nothing to add' } });
    expect(bad.produced).toMatchObject([{ topic: 'sums.reply', headers: { 'kafka_nest-err': { status: 'error' } } }]);
    expect(kafka.produced('audit')).toHaveLength(1);
  });
});

describe('exactlyOnce(store)', () => {
  it("gives the handler the store's transaction, which counts with the record", async () => {
    const store = new MemoryStore();
    const { kafka, moduleRef } = await ordersWorker(
      async (id, context) => {
        context.getTransaction<Rows>().insert(`${String(id)}, attempt ${context.getAttempt()}`);
        if (id === 'flaky' && context.getAttempt() === 1) throw new Error('once more');
      },
      { delivery: exactlyOnce(store), retry: { attempts: 2 } },
    );
    expect(store.isOpen).toBe(true);
    expect(await kafka.deliver('orders', { value: 'flaky', partition: 0 })).toMatchObject({
      disposition: 'done',
      attempts: 2,
    });
    expect(store.rows).toEqual(['flaky, attempt 2']);
    await kafka.commit();
    expect(kafka.committed('orders')).toBe(1);
    await moduleRef.close();
    expect(store.isOpen).toBe(false);
  });

  it('marks in the store what was skipped and dead-lettered', async () => {
    const store = new MemoryStore();
    const handle: Handler = (_payload, context) => {
      context.getTransaction<Rows>().insert('never');
      throw new Error('no');
    };
    const skipped = await ordersWorker(handle, { delivery: exactlyOnce(store), onFailure: skip() });
    expect(await skipped.kafka.deliver('orders', {})).toMatchObject({ disposition: 'skipped' });
    const dead = await ordersWorker(handle, {
      delivery: exactlyOnce(new MemoryStore()),
      onFailure: deadLetter({ topic: 'orders.dead' }),
    });
    expect(await dead.kafka.deliver('orders', {})).toMatchObject({
      disposition: 'dead-lettered',
      to: { topic: 'orders.dead' },
    });
    expect(store.rows).toEqual([]);
  });

  it('rolls back what a handler did whose error was answered', async () => {
    const store = new MemoryStore();

    @Controller()
    class Sums {
      @MessagePattern('sums')
      @KafkaWorker({ delivery: exactlyOnce(store) })
      sum(@Payload() numbers: number[], @Ctx() context: KafkaWorkerContext): string {
        context.getTransaction<Rows>().insert(numbers.join());
        if (numbers.length === 0) throw new RpcException('nothing to add');
        return 'yes';
      }
    }
    const { kafka } = await tested({ controllers: [Sums] });
    const headers = { kafka_correlationId: 'c-1', kafka_replyTopic: 'sums.reply' };
    expect(await kafka.deliver('sums', { value: [1], headers })).toMatchObject({ disposition: 'done' });
    const bad = await kafka.deliver('sums', { value: [], headers });
    expect(bad).toMatchObject({ disposition: 'skipped', produced: [{ topic: 'sums.reply' }] });
    expect(store.rows).toEqual(['1']);
  });

  it('goes on where the store was claimed by somebody else', async () => {
    const store = new MemoryStore();
    const { kafka } = await ordersWorker((id, context) => context.getTransaction<Rows>().insert(String(id)), {
      delivery: exactlyOnce(store),
    });
    await kafka.deliver('orders', { value: 'a', partition: 0 });
    store.steal('test', 'orders', 0);
    const result = await kafka.deliver('orders', { value: 'b', partition: 0 }, { patienceMs: 100 });
    expect(result).toMatchObject({ disposition: 'done' });
    expect(store.rows).toEqual(['a', 'b']);
    expect(kafka.events.filter(({ type }) => type === 'claim.renewed')).toHaveLength(1);
  });
});

describe('idempotency', () => {
  it('skips a record whose key was settled', async () => {
    const seen: unknown[] = [];
    const store = new MemoryKeys();
    const { kafka } = await ordersWorker((payload) => void seen.push(payload), {
      idempotency: { store, key: ({ headers }) => headers['id']?.toString() },
    });
    const record = { value: 'a', headers: { id: 'o-1' } };
    expect(await kafka.deliver('orders', record)).toMatchObject({ disposition: 'done' });
    expect(await kafka.deliver('orders', record)).toMatchObject({ disposition: 'skipped' });
    expect(await kafka.deliver('orders', 'without')).toMatchObject({ disposition: 'done' });
    expect(seen).toEqual(['a', 'without']);
  });
});

describe("commit: 'none'", () => {
  it('commits nothing, neither by time nor by hand', async () => {
    const errors: unknown[] = [];
    const { kafka, moduleRef } = await ordersWorker(
      async (_payload, context) => {
        await context.commit().catch((error: unknown) => errors.push(error));
      },
      { commit: 'none' },
    );
    await kafka.deliver('orders', {});
    await kafka.commit();
    await kafka.advance(60_000);
    expect(errors).toMatchObject([{ code: 'NOT_TRANSACTIONAL' }]);
    await expect(moduleRef.get(KafkaWorkerRuntime).commit()).rejects.toMatchObject({ code: 'NOT_TRANSACTIONAL' });
    await moduleRef.close();
    expect(kafka.cluster.commits).toEqual([]);
  });
});
