import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, type Type } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import {
  deadLetter,
  exactlyOnce,
  freeze,
  KafkaWorker,
  KafkaWorkerContext,
  KafkaWorkerRuntime,
  retryTopics,
  skip,
  transactional,
  type EngineEvent,
  type KafkaWorkerOptions,
  type PartitionSnapshot,
} from '@kafka-worker/nestjs';
import { FakeTransactionalStore, type FakeTransaction } from '../../../engine/test/support/fake-transactional-store.js';
import { GROUP, Stage, type Process } from './support/stage.js';

// What docs/failures.md and docs/guarantees.md say beside their tables.

type Handler = (payload: string, context: KafkaWorkerContext) => unknown;

let stage: Stage;
beforeEach(() => {
  stage = new Stage();
  for (const topic of ['orders', 'out', 'dead']) stage.cluster.createTopic(topic);
});
afterEach(async () => {
  await stage.closeAll();
  expect(stage.clock.pending).toBe(0);
});

/** A process with a worker for `orders`. */
function boot(handle: Handler, options: Partial<KafkaWorkerOptions>): Promise<Process> {
  return stage.boot(() => {
    @Controller()
    class Orders {
      @KafkaWorker({ topic: 'orders', retry: { attempts: 1 }, ...options })
      on(@Payload() payload: string, @Ctx() context: KafkaWorkerContext): unknown {
        return handle(payload, context);
      }
    }
    return Orders as Type;
  });
}

function write(...values: string[]): void {
  stage.cluster.produce(values.map((value) => ({ topic: 'orders', key: value, value })));
}

function told<T extends EngineEvent['type']>(type: T): (EngineEvent & { type: T })[] {
  return stage.told.flatMap(({ event }) => (event.type === type ? [event as EngineEvent & { type: T }] : []));
}

function values(topic: string): string[] {
  return stage.cluster.records(topic).map(({ value }) => String(value));
}

function runtimeOf({ moduleRef }: Process): KafkaWorkerRuntime {
  return moduleRef.get(KafkaWorkerRuntime);
}

function partition(process: Process): PartitionSnapshot | undefined {
  return runtimeOf(process).inspect().groups[0]?.partitions[0];
}

const fails: Handler = () => {
  throw new Error('down');
};

describe('the budget of dead letters', () => {
  it('lets ten go in an outage, then freezes, and saves up no more than ten afterwards', async () => {
    let isDown = true;
    const process = await boot((value) => (isDown || value.startsWith('bad') ? fails(value, {} as never) : undefined), {
      onFailure: deadLetter({ topic: 'dead' }),
    });
    write(...Array.from({ length: 1_000 }, (_, number) => `order-${number}`));
    await stage.clock.advance(10_000);
    expect(values('dead')).toHaveLength(10);
    expect(told('frozen')).toMatchObject([
      { reason: 'budget', offset: 10, scope: 'partition', unfreezeInMs: undefined },
    ]);

    isDown = false;
    runtimeOf(process).unfreeze();
    await stage.clock.tick();
    // 990 that are done would be 99 dead letters, but no more than ten are ever saved up
    write(...Array.from({ length: 12 }, (_, number) => `bad-${number}`));
    await stage.clock.advance(10_000);
    expect(values('dead')).toHaveLength(20);
    expect(told('frozen')).toHaveLength(2);
  });

  it('with a freeze that ends by itself an outage costs one dead letter a minute more', async () => {
    await boot(fails, {
      onFailure: deadLetter({ topic: 'dead', whenSpent: freeze('partition', { unfreezeAfterMs: 60_000 }) }),
    });
    write(...Array.from({ length: 100 }, (_, number) => `order-${number}`));
    await stage.clock.advance(30 * 60_000 + 5_000);
    expect(values('dead')).toHaveLength(10 + 30);
  });
});

describe('a copy that cannot be sent', () => {
  it('is tried five times, then its lane stands for 30 s, then its handler is asked again', async () => {
    let calls = 0;
    await boot((value, context) => (calls++, fails(value, context)), { onFailure: deadLetter({ topic: 'dead' }) });
    stage.cluster.faults.produce({ topic: 'dead', times: 5 });
    write('bad');
    await stage.clock.advance(20_000);
    expect(told('forward.failed').map(({ retryInMs }) => retryInMs === undefined)).toEqual([
      ...[false, false, false, false],
      true,
    ]);
    expect(told('frozen')).toMatchObject([{ reason: 'forward', scope: 'key', unfreezeInMs: 30_000 }]);
    expect(calls).toBe(1);
    await stage.clock.advance(30_000);
    expect(calls).toBe(2);
    expect(values('dead')).toEqual(['bad']);
  });

  it('is part of the transaction with transactional(), and settled before that is committed', async () => {
    await boot(fails, { delivery: transactional(), onFailure: deadLetter({ topic: 'dead' }) });
    stage.cluster.faults.transaction({ times: 3 });
    write('bad');
    await stage.clock.tick();
    expect(told('record.settled')).toMatchObject([{ disposition: 'dead-lettered' }]);
    expect(values('dead')).toEqual([]);
    await stage.clock.advance(5_000);
    expect(values('dead')).toEqual(['bad']);
    expect(told('forward.failed')).toEqual([]);
  });
});

describe('retryTopics', () => {
  it('leaves what waits in the topic of a delay that is taken out of the list', async () => {
    stage.cluster.createTopic(`orders.${GROUP}.retry-1000`);
    stage.cluster.createTopic(`orders.${GROUP}.retry-2000`);
    const process = await boot(fails, { onFailure: retryTopics([1_000], skip()) });
    write('bad');
    await stage.clock.tick();
    await stage.close(process);
    const handled: string[] = [];
    await boot((value) => void handled.push(value), { onFailure: retryTopics([2_000], skip()) });
    await stage.clock.advance(60_000);
    expect(handled).toEqual([]);
    expect(values(`orders.${GROUP}.retry-1000`)).toEqual(['bad']);
  });

  it('with exactlyOnce(store) a crash between the copy and its mark makes two records of one', async () => {
    const store = new FakeTransactionalStore();
    const retry = `orders.${GROUP}.retry-1000`;
    stage.cluster.createTopic(retry);
    const options = { delivery: exactlyOnce(store), onFailure: retryTopics([1_000], skip()) };
    const handle: Handler = (value, context) => {
      if (context.getTopic() === 'orders') throw new Error('down');
      context.getTransaction<FakeTransaction>().write(value);
    };
    await boot(handle, options);
    store.before = (step, { topic }) =>
      step === 'begin' && topic === 'orders' && values(retry).length > 0 ? new Promise(() => undefined) : undefined;
    write('bad');
    await stage.clock.tick();
    await stage.killAll();
    store.before = () => undefined;
    await boot(handle, options);
    await stage.clock.advance(60_000);
    expect(store.effects).toEqual(['bad', 'bad']);
  });
});

describe('a partition that is held', () => {
  const sends: Handler = (value, context) => context.send({ topic: value === 'bad' ? 'nowhere' : 'out', value });

  it('since what was sent is refused for good: the topic is made, and the process starts anew', async () => {
    const process = await boot(sends, { delivery: transactional() });
    write('a', 'bad', 'b');
    await stage.clock.advance(5_000);
    expect(partition(process)?.held).toContain('refused for good');
    expect(stage.cluster.committed(GROUP, 'orders', 0)).toBeUndefined();
    expect(values('out')).toEqual([]);
    await stage.close(process);
    stage.cluster.createTopic('nowhere');
    await boot(sends, { delivery: transactional() });
    await stage.clock.advance(5_000);
    expect(values('out').concat(values('nowhere')).toSorted()).toEqual(['a', 'b', 'bad']);
    expect(stage.cluster.committed(GROUP, 'orders', 0)?.offset).toBe(3);
  });

  it('or somebody seeks past it, which drops what no transaction has committed', async () => {
    const process = await boot(sends, { delivery: transactional() });
    write('a', 'bad', 'b');
    await stage.clock.advance(5_000);
    await stage.run(runtimeOf(process).seek({ topic: 'orders', partition: 0 }, 2));
    await stage.clock.advance(5_000);
    expect(partition(process)?.held).toBeUndefined();
    expect(values('out')).toEqual(['b']);
  });
});

describe('transactions that fail for long', () => {
  it('let a partition send ten times its buffer of records, and no more until one is committed', async () => {
    let calls = 0;
    await boot((value, context) => (calls++, context.send({ topic: 'out', value })), {
      delivery: transactional(),
      buffer: { records: 5 },
    });
    stage.cluster.faults.transaction({ times: Infinity });
    write(...Array.from({ length: 200 }, (_, number) => `order-${number}`));
    await stage.clock.advance(10_000);
    expect(calls).toBe(50);
    stage.cluster.faults.clear();
    await stage.clock.advance(10_000);
    expect(values('out')).toHaveLength(200);
  });
});

describe('what is refused at the boot', () => {
  const store = new FakeTransactionalStore();
  it.each<[string, Partial<KafkaWorkerOptions>]>([
    ["'at-most-once' and a cadence", { delivery: 'at-most-once', commit: 'each' }],
    ["'at-most-once' and a freeze", { delivery: 'at-most-once', onFailure: freeze('key') }],
    ["exactlyOnce(store) and 'manual'", { delivery: exactlyOnce(store), commit: 'manual' }],
    ["exactlyOnce(store) and 'none'", { delivery: exactlyOnce(store), commit: 'none' }],
    ["transactional() and 'manual'", { delivery: transactional(), commit: 'manual' }],
    ["transactional() and 'none'", { delivery: transactional(), commit: 'none' }],
    [
      "retryTopics in the order of a key, and 'partition'",
      { onFailure: retryTopics([1], skip(), { orderedBy: 'key' }) },
    ],
    ['dead letters to a topic that the worker reads', { onFailure: deadLetter({ topic: 'orders' }) }],
  ])('%s', async (_what, options) => {
    await expect(boot(fails, options)).rejects.toMatchObject({ code: 'CONFIGURATION' });
  });
});
