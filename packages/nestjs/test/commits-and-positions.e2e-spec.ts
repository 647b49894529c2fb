import { Controller, type INestApplicationContext } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import { afterEach, describe, expect, it } from '@jest/globals';
import { KafkaWorker, type KafkaWorkerContext, type KafkaWorkerModuleOptions } from '@kafka-worker/nestjs';
import type { InMemoryCluster } from '@kafka-worker/testing';
import { boot, clusterWith } from './support/app.js';
import { Calls } from './support/calls.js';
import { next, runtimeOf } from './support/events.js';

let app: INestApplicationContext | undefined;
afterEach(async () => {
  await app?.close();
  app = undefined;
});

async function run(cluster: InMemoryCluster, kafka: Partial<KafkaWorkerModuleOptions>): Promise<Calls<string>> {
  const calls = new Calls<string>();
  @Controller()
  class Orders {
    @KafkaWorker({ topic: 'orders' })
    async on(@Payload() value: string, @Ctx() context: KafkaWorkerContext): Promise<void> {
      if (value === 'commit') await context.commit();
      calls.add(value);
      if (value === 'commit') await new Promise(() => undefined);
    }
  }
  app = await boot('module', { cluster, controllers: [Orders], kafka });
  return calls;
}

/** The app is a member of its group. */
async function joined(): Promise<void> {
  const runtime = runtimeOf(app!);
  if (runtime.inspect().groups[0]?.state === 'joined') return;
  await next(runtime, 'group.state', ({ state }) => state === 'joined');
}

const orders = (...values: string[]) => values.map((value) => ({ topic: 'orders', partition: 0, value }));

describe('runtime.commit()', () => {
  it('commits what is settled, from outside of handlers', async () => {
    const cluster = clusterWith('orders');
    await run(cluster, { worker: { commit: 'manual' } });
    const runtime = runtimeOf(app!);
    const settled = next(runtime, 'record.settled', ({ offset }) => offset === 1);
    cluster.produce(orders('a', 'b'));
    await settled;
    expect(cluster.committed('group', 'orders', 0)).toBeUndefined();
    await runtime.commit({ topic: 'orders', partition: 0 });
    expect(cluster.committed('group', 'orders', 0)).toMatchObject({ offset: 2 });
    await runtime.commit();
    expect(cluster.commits).toHaveLength(3); // one for each partition
    await expect(runtime.commit({ topic: 'payments' })).rejects.toMatchObject({ code: 'UNKNOWN_TARGET' });
  });

  it('says so where the broker does not take it, and before the start', async () => {
    const cluster = clusterWith('orders');
    await run(cluster, { autoStart: false });
    await expect(runtimeOf(app!).commit()).rejects.toMatchObject({ code: 'NOT_RUNNING' });
    await app?.close();
    await run(cluster, {});
    await joined();
    cluster.faults.commit();
    await expect(runtimeOf(app!).commit({ topic: 'orders', partition: 0 })).rejects.toMatchObject({
      code: 'COMMIT_FAILED',
    });
  });

  it('is not that of a handler, which commits its own record too', async () => {
    const cluster = clusterWith('orders');
    const calls = await run(cluster, { worker: { commit: 'manual' }, shutdown: { graceMs: 0, forceMs: 0 } });
    cluster.produce(orders('a', 'commit'));
    await calls.reached(2);
    expect(cluster.committed('group', 'orders', 0)).toMatchObject({ offset: 2 });
  });
});

describe('subscribe', () => {
  it.each<[KafkaWorkerModuleOptions['subscribe'], string[]]>([
    [undefined, ['before', 'after']],
    [{ startFrom: 'beginning' }, ['before', 'after']],
    [{ fromBeginning: true }, ['before', 'after']],
    [{ startFrom: 'latest' }, ['after']],
    [{ fromBeginning: false }, ['after']],
  ])('%j', async (subscribe, expected) => {
    const cluster = clusterWith('orders');
    cluster.produce(orders('before'));
    const calls = await run(cluster, { ...(subscribe && { subscribe }) });
    await joined();
    cluster.produce(orders('after'));
    await calls.reached(expected.length);
    expect(calls.all).toEqual(expected);
  });

  it("startFrom: 'none' refuses to start where there is no offset", async () => {
    const cluster = clusterWith('orders');
    await expect(run(cluster, { subscribe: { startFrom: 'none' } })).rejects.toMatchObject({
      code: 'CONFIGURATION',
      message: expect.stringContaining(
        'Orders#on, option "startFrom": group \'group\' has no offset for partition 0, 1',
      ),
    });
    const before = await run(cluster, {});
    cluster.produce([...orders('a'), { topic: 'orders', partition: 1, value: 'b' }]);
    await before.reached(2);
    await app?.close(); // commits
    const calls = await run(cluster, { subscribe: { startFrom: 'none' } });
    cluster.produce(orders('c'));
    expect(await calls.reached(1)).toEqual(['c']);
  });

  it('maxRewind bounds what a topic that was made anew repeats', async () => {
    const cluster = clusterWith('orders');
    cluster.produce(orders(...'abcdef'));
    const before = await run(cluster, {});
    await before.reached(6);
    await app?.close(); // commits
    cluster.truncate('orders', 0, 3);

    const held = await run(cluster, { subscribe: { maxRewind: 2 } });
    const runtime = runtimeOf(app!);
    const at = (): string | undefined => runtime.inspect().groups[0]?.partitions[0]?.held;
    if (at() === undefined) await next(runtime, 'position.held');
    expect(at()).toContain('more than maxRewind 2');
    await runtime.seek({ topic: 'orders', partition: 0 }, 2);
    expect(await held.reached(1)).toEqual(['c']);
    await app?.close();

    cluster.truncate('orders', 0, 2);
    const again = await run(cluster, { subscribe: { maxRewind: Infinity } });
    expect(await again.reached(2)).toEqual(['a', 'b']);
  });
});
