import { describe, expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import { deferred } from '@kafka-worker/testing';
import {
  fixed,
  freeze,
  KafkaWorker,
  KafkaWorkerContext,
  KafkaWorkerRuntime,
  NonRetryableError,
  RetryLaterError,
  skip,
  type KafkaWorkerOptions,
} from '@kafka-worker/nestjs';
import { KafkaWorkerTester, KafkaWorkerTestingModule, RecordNotSettledError } from '@kafka-worker/nestjs/testing';
import { tested, type TestedModule } from '../support/tester.js';

/** Time enough for a test that would hang to fail by itself. */
const SOON_MS = 2000;

function worker(
  handle: (payload: unknown, context: KafkaWorkerContext) => unknown,
  options: KafkaWorkerOptions = {},
): Promise<TestedModule> {
  @Controller()
  class OrdersWorker {
    @KafkaWorker({ topic: 'orders', ...options })
    onOrder(@Payload() payload: unknown, @Ctx() context: KafkaWorkerContext): unknown {
      return handle(payload, context);
    }
  }
  return tested({ controllers: [OrdersWorker] });
}

const never = (): Promise<void> => new Promise(() => undefined);

describe('deliver does not hang, and says why', () => {
  it(
    'where the handler never settles',
    async () => {
      const { kafka } = await worker(never);
      const delivered = kafka.deliver('orders', {}, { patienceMs: 20 });
      await expect(delivered).rejects.toThrow(
        "orders/0@0 is not settled in group 'test': its handler OrdersWorker#onOrder runs and has not settled, attempt 1; " +
          'it gave no sign of life for 20 ms of real time (patienceMs), and no timer is left',
      );
      await expect(delivered).rejects.toBeInstanceOf(RecordNotSettledError);
      await expect(delivered).rejects.toMatchObject({ record: { topic: 'orders', partition: 0, offset: 0 } });
    },
    SOON_MS,
  );

  it(
    'where the handler never settles, and there are timers for ever',
    async () => {
      const { kafka } = await worker((payload) => (payload === 'never' ? never() : undefined), {
        concurrency: 'unordered',
      });
      await kafka.deliver('orders', 'quick');
      kafka.cluster.faults.commit({ times: Infinity }); // one every half second
      const delivered = kafka.deliver('orders', 'never', { patienceMs: 20, withinMs: 300_000 });
      await expect(delivered).rejects.toThrow(/runs and has not settled, attempt 1; and so it is after 300000 ms/);
      kafka.cluster.faults.clear();
    },
    2 * SOON_MS,
  );

  it(
    'where the handler ignores its timeout, and does not come to the next attempt',
    async () => {
      const { kafka } = await worker(never, { timeoutMs: 30_000, retry: { attempts: 1 }, onFailure: skip() });
      const result = await kafka.deliver('orders', {}, { patienceMs: 20 });
      expect(result).toMatchObject({ disposition: 'skipped', durationMs: 35_000, error: { code: 'HANDLER_TIMEOUT' } });
    },
    SOON_MS,
  );

  it('where the partition is paused, or the worker', async () => {
    const { moduleRef, kafka } = await worker(() => undefined);
    const runtime = moduleRef.get(KafkaWorkerRuntime);
    await kafka.deliver('orders', {}); // its commit is still to come
    const now = kafka.clock.now();
    runtime.pause({ topic: 'orders' });
    await expect(kafka.deliver('orders', {})).rejects.toThrow(
      'orders/0 is paused; KafkaWorkerRuntime.resume() ends that',
    );
    expect(kafka.clock.now()).toBe(now); // no time will change that, so none was spent
    runtime.resume({ topic: 'orders' });
    expect(await kafka.settled({ topic: 'orders', partition: 0, offset: 1 })).toMatchObject({ disposition: 'done' });
    runtime.pause();
    await expect(kafka.deliver('orders', {})).rejects.toThrow('orders/0 is paused');
  });

  it('but waits where the pause ends in the same moment', async () => {
    const { moduleRef, kafka } = await worker(() => undefined);
    const runtime = moduleRef.get(KafkaWorkerRuntime);
    runtime.pause();
    const delivered = kafka.deliver('orders', {});
    runtime.resume();
    expect(await delivered).toMatchObject({ disposition: 'done' });
  });

  it('where it stands behind a frozen record', async () => {
    const { kafka } = await worker(() => {
      throw new NonRetryableError('the stock is gone');
    });
    await kafka.deliver('orders', {});
    await expect(kafka.deliver('orders', {})).rejects.toThrow(
      "orders/0@1 is not settled in group 'test': orders/0 is frozen at offset 0 (the stock is gone); KafkaWorkerRuntime.unfreeze() ends that",
    );
  });

  it('where it stands behind a frozen record of its key, while other keys go on', async () => {
    const { kafka } = await worker(
      (payload) => {
        if (payload === 'bad') throw new NonRetryableError('bad');
      },
      { concurrency: 'key', onFailure: freeze('key') },
    );
    await kafka.deliver('orders', { key: 'ann', value: 'bad' });
    await expect(kafka.deliver('orders', { key: 'ann', value: 'good' })).rejects.toThrow(
      /its key is frozen: .*offset 0/,
    );
    expect(await kafka.deliver('orders', { key: 'ben', value: 'good' })).toMatchObject({ disposition: 'done' });
  });

  it('where no worker reads the topic', async () => {
    const { kafka } = await worker(() => undefined);
    await expect(kafka.deliver('order', {})).rejects.toThrow("no worker reads 'order'; there are workers for 'orders'");
    expect(() => kafka.committed('order')).toThrow("no worker reads 'order'");
  });

  it('where the partition does not exist', async () => {
    const { kafka } = await worker(() => undefined);
    await expect(kafka.deliver('orders', { value: 1, partition: 3 })).rejects.toThrow('has no partition 3');
  });

  it('where nothing has been started', async () => {
    const moduleRef = await KafkaWorkerTestingModule.createTestingModule({}).compile();
    const kafka = moduleRef.get(KafkaWorkerTester);
    await expect(kafka.deliver('orders', {})).rejects.toThrow('`await moduleRef.init()` comes first');
    await moduleRef.close();
  });

  it('where the next attempt is too far away', async () => {
    const { kafka } = await worker(() => {
      throw new RetryLaterError(7_200_000, 'closed until tomorrow');
    });
    await expect(kafka.deliver('orders', {}, { withinMs: 3_600_000 })).rejects.toThrow(
      /it is waiting after attempt 0: closed until tomorrow; and so it is after 3600000 ms of the test's clock/,
    );
  });

  it('where attempts never end', async () => {
    const { kafka } = await worker(() => {
      throw new RetryLaterError(1000);
    });
    await expect(kafka.deliver('orders', {})).rejects.toThrow(
      '1000 attempts have failed, the last with RetryLaterError',
    );
  });

  it('where attempts never end, and take no time', async () => {
    const { kafka } = await worker(() => {
      throw new RetryLaterError(0);
    });
    await expect(kafka.deliver('orders', {})).rejects.toThrow('attempts have failed, the last with RetryLaterError');
  });

  it('where the workers end meanwhile: it is abandoned, or was never taken', async () => {
    const gate = deferred();
    const { moduleRef, kafka } = await worker((_payload, context) =>
      Promise.race([gate.promise, new Promise((_, reject) => context.getSignal().addEventListener('abort', reject))]),
    );
    const running = kafka.deliver('orders', 1, { moveTime: false });
    const queued = kafka.deliver('orders', 2, { moveTime: false });
    await kafka.tick();
    await moduleRef.get(KafkaWorkerRuntime).drain();
    expect(await running).toMatchObject({ disposition: 'abandoned' });
    expect(await queued).toMatchObject({ disposition: 'abandoned' });
    await expect(kafka.deliver('orders', 3)).rejects.toThrow('nobody reads it: the workers are STOPPED');
  });

  it('where the workers end before it was taken from the log', async () => {
    const { moduleRef, kafka } = await worker(() => undefined, { buffer: { records: 1 } });
    moduleRef.get(KafkaWorkerRuntime).pause();
    const [taken, left] = [1, 2].map((value) => kafka.deliver('orders', value, { moveTime: false }));
    const rejected = expect(left).rejects.toThrow('orders/0@1 is not settled in group');
    await kafka.tick();
    await moduleRef.close();
    expect(await taken).toMatchObject({ disposition: 'abandoned', attempts: 0 });
    await rejected;
  });
});

describe('a record that was frozen', () => {
  it('goes on with unfreeze, and settled() tells', async () => {
    let broken = true;
    const { moduleRef, kafka } = await worker(
      () => {
        if (broken) throw new Error('the stock is gone');
      },
      { retry: { attempts: 2, backoff: fixed(60_000) } },
    );
    const runtime = moduleRef.get(KafkaWorkerRuntime);
    const { record, disposition } = await kafka.deliver('orders', {});
    expect(disposition).toBe('frozen');
    expect(await kafka.settled(record)).toMatchObject({ disposition: 'frozen', attempts: 2 });

    runtime.unfreeze({ topic: 'orders' });
    expect(await kafka.settled(record)).toMatchObject({ disposition: 'frozen', attempts: 4, durationMs: 60_000 });
    broken = false;
    runtime.unfreeze({ topic: 'orders' });
    expect(await kafka.settled(record)).toMatchObject({ disposition: 'done', attempts: 5 });
    expect(await kafka.deliver('orders', {})).toMatchObject({ disposition: 'done' });
  });

  it('is passed with unfreeze and skip', async () => {
    const { moduleRef, kafka } = await worker(() => {
      throw new NonRetryableError();
    });
    const { record } = await kafka.deliver('orders', {});
    moduleRef.get(KafkaWorkerRuntime).unfreeze({}, { skip: true });
    expect(await kafka.settled(record)).toMatchObject({ disposition: 'skipped', attempts: 1 });
  });

  it('comes again with seek', async () => {
    const seen: unknown[] = [];
    const { moduleRef, kafka } = await worker(async (payload) => {
      await new Promise((resolve) => setTimeout(resolve, 10));
      seen.push(payload);
    });
    const { record } = await kafka.deliver('orders', 'a');
    await moduleRef.get(KafkaWorkerRuntime).seek({ topic: 'orders', partition: 0 }, 0);
    expect(await kafka.settled(record)).toMatchObject({ disposition: 'done', attempts: 2 });
    expect(seen).toEqual(['a', 'a']);
  });
});
