import { deferred } from '@kafka-worker/testing';
import { describe, expect, it } from '@jest/globals';
import { listGroupId, readDeadLetters } from '../src/index.js';
import { FAILED_AT, letter, letters } from './support/letters.js';
import { steered } from './support/steered-driver.js';
import { DLQ, DlqWorld } from './support/world.js';

describe('a listing', () => {
  it('has every dead letter of every partition, in the order in which they were given up on', async () => {
    const world = new DlqWorld({ partitions: 3 });
    world.cluster.produce([
      letter(DLQ, { at: 2, value: 'c', failedAt: FAILED_AT + 3 }),
      letter(DLQ, { at: 0, value: 'a', failedAt: FAILED_AT + 1 }),
      letter(DLQ, { at: 1, value: 'b', failedAt: FAILED_AT + 2 }),
      letter(DLQ, { at: 0, value: 'd', failedAt: FAILED_AT + 4 }),
    ]);
    const listed = await world.list({ values: true });
    expect(listed.map(({ partition, offset, payload }) => [partition, offset, String(payload?.value)])).toEqual([
      [0, 0, 'a'],
      [1, 0, 'b'],
      [2, 0, 'c'],
      [0, 1, 'd'],
    ]);
  });

  it('shows no payload unless it is asked for', async () => {
    const world = new DlqWorld();
    world.cluster.produce(letter(DLQ, { key: 'secret', value: 'secret', headers: { own: 'secret' } }));
    const [listed] = await world.list();
    expect(listed?.payload).toBeUndefined();
    expect(JSON.stringify(listed)).not.toContain('secret');
    const [shown] = await world.list({ values: true });
    expect([String(shown?.payload?.key), String(shown?.payload?.headers['own'])]).toEqual(['secret', 'secret']);
  });

  it('ends where the topic ended when it was asked for', async () => {
    const world = new DlqWorld();
    world.cluster.produce(letters(DLQ, 3));
    const values: string[] = [];
    const reading = (async () => {
      const options = { driver: world.cluster.driver(), topic: DLQ, clock: world.clock, values: true };
      for await (const { payload } of readDeadLetters(options)) {
        values.push(String(payload?.value));
        world.cluster.produce(letter(DLQ, { value: 'late', failedAt: FAILED_AT + 100 }));
      }
    })();
    await world.clock.runUntil(reading);
    expect(values).toEqual(['0:0', '0:1', '0:2']);
  });

  it('commits nothing and leaves nothing behind', async () => {
    const world = new DlqWorld({ partitions: 2 });
    world.cluster.produce([...letters(DLQ, 3), ...letters(DLQ, 3, { at: 1 })]);
    await world.list();
    expect(world.cluster.commits).toEqual([]);
    expect(world.cluster.consumers()).toEqual([]);
    expect(world.clock.pending).toBe(0);
  });

  it('leaves the group when nobody wants more', async () => {
    const world = new DlqWorld();
    world.cluster.produce(letters(DLQ, 3));
    const first = (async () => {
      for await (const { offset } of readDeadLetters({
        driver: world.cluster.driver(),
        topic: DLQ,
        clock: world.clock,
      }))
        return offset;
      return undefined;
    })();
    expect(await world.clock.runUntil(first)).toBe(0);
    expect(world.cluster.consumers()).toEqual([]);
    expect(world.clock.pending).toBe(0);
  });

  it('takes what matches, and no more than the limit', async () => {
    const world = new DlqWorld({ partitions: 2 });
    world.cluster.produce([
      ...letters(DLQ, 5, { worker: 'a' }),
      ...letters(DLQ, 5, { at: 1, worker: 'b', from: { partition: 1 } }),
    ]);
    const offsets = async (options: Parameters<DlqWorld['list']>[0]) =>
      (await world.list(options)).map(({ partition, offset }) => `${partition}/${offset}`);
    expect(await offsets({ filter: { worker: 'b' }, limit: 2 })).toEqual(['1/0', '1/1']);
    expect(await offsets({ filter: { partition: 0, offsets: { from: 3 } } })).toEqual(['0/3', '0/4']);
    expect(await offsets({ filter: { offsets: { from: 1, to: 1 } } })).toEqual(['0/1', '1/1']);
    expect(await offsets({ filter: { offsets: { from: 99 } } })).toEqual([]);
  });

  it('takes more than fits into memory at once', async () => {
    const world = new DlqWorld({ partitions: 2 });
    world.cluster.produce([...letters(DLQ, 3000), ...letters(DLQ, 1200, { at: 1, failedAt: FAILED_AT + 9_999 })]);
    const listed = await world.list();
    expect(listed.map(({ partition, offset }) => [partition, offset])).toEqual([
      ...Array.from({ length: 3000 }, (_, n) => [0, n]),
      ...Array.from({ length: 1200 }, (_, n) => [1, n]),
    ]);
  });

  it('ends where the last offsets have no record, once nothing has come for a while', async () => {
    const world = new DlqWorld({ partitions: 2 });
    world.cluster.produce(letters(DLQ, 2));
    world.cluster.skipOffsets(DLQ, 0, 1);
    world.cluster.skipOffsets(DLQ, 1, 4);
    const since = world.clock.now();
    expect(await world.list({ silenceMs: 7_000 })).toHaveLength(2);
    expect(world.clock.now() - since).toBeGreaterThanOrEqual(7_000);
    expect(world.clock.now() - since).toBeLessThan(10_000);
  });

  it('says which have been replayed', async () => {
    const world = new DlqWorld();
    world.cluster.produce(letters(DLQ, 4));
    await world.replay({ filter: { offsets: { from: 1, to: 2 } } });
    expect((await world.list()).map(({ replayed }) => replayed)).toEqual([false, true, true, false]);
  });

  it('reads everything beside another listing that reads at the same time', async () => {
    const world = new DlqWorld({ partitions: 4 });
    for (let at = 0; at < 4; at++) world.cluster.produce(letters(DLQ, 700, { at }));
    const both = Promise.all([world.startList(), world.startList(), world.startList()]);
    const counts = (await world.clock.runUntil(both)).map(
      (listed) => new Set(listed.map(({ partition, offset }) => `${partition}/${offset}`)).size,
    );
    expect(counts).toEqual([2800, 2800, 2800]);
    const groups = new Set(world.cluster.consumers().map(({ groupId }) => groupId));
    expect(groups.size).toBe(0);
  });

  it('steps aside where somebody reads already, who goes on as if nothing had been', async () => {
    const world = new DlqWorld({ partitions: 2 });
    for (let at = 0; at < 2; at++) world.cluster.produce(letters(DLQ, 10, { at }));
    const pause = deferred();
    const seen: string[] = [];
    const slow = (async () => {
      const options = { driver: world.cluster.driver(), topic: DLQ, clock: world.clock };
      for await (const { partition, offset } of readDeadLetters(options)) {
        seen.push(`${partition}/${offset}`);
        if (seen.length === 5) await pause.promise;
      }
    })();
    while (seen.length < 5) await world.clock.advance(10);
    expect(await world.list()).toHaveLength(20);
    expect(world.cluster.consumers(listGroupId(DLQ))).toHaveLength(1);
    pause.resolve();
    await world.clock.runUntil(slow);
    expect([seen.length, new Set(seen).size]).toEqual([20, 20]);
  });

  it('goes on behind what it gave out when its session is lost on the way', async () => {
    const world = new DlqWorld({ partitions: 2 });
    for (let at = 0; at < 2; at++) world.cluster.produce(letters(DLQ, 700, { at }));
    const seen: string[] = [];
    const reading = (async () => {
      const options = { driver: world.cluster.driver(), topic: DLQ, clock: world.clock };
      for await (const { partition, offset } of readDeadLetters(options)) {
        seen.push(`${partition}/${offset}`);
        if (seen.length === 300) {
          world.cluster.expireSession(world.cluster.consumers()[0]?.memberId ?? '');
          await new Promise<void>((resolve) => world.clock.setTimer(resolve, 1_000));
        }
      }
    })();
    await world.clock.runUntil(reading);
    expect([seen.length, new Set(seen).size]).toEqual([1400, 1400]);
  });

  it('fails when the client gives up', async () => {
    const world = new DlqWorld();
    world.cluster.produce(letters(DLQ, 3));
    const broken = new Error('the client has crashed');
    const driver = steered(world.cluster.driver(), {
      made: (consumer) => {
        consumer.start = async (listener) => listener.stateChanged('crashed', broken);
      },
    });
    await expect(world.list({ driver })).rejects.toBe(broken);
  });

  it('is empty for an empty topic, without a group, and fails for one that is not there', async () => {
    const world = new DlqWorld();
    expect(await world.list()).toEqual([]);
    await expect(world.list({ topic: 'nowhere' })).rejects.toMatchObject({ code: 'TOPIC_MISSING' });
    expect(world.clock.pending).toBe(0);
  });

  it('stops when it is told to', async () => {
    const world = new DlqWorld();
    world.cluster.produce(letters(DLQ, 900));
    const stop = new AbortController();
    const seen: number[] = [];
    const reading = (async () => {
      const options = { driver: world.cluster.driver(), topic: DLQ, clock: world.clock, signal: stop.signal };
      for await (const { offset } of readDeadLetters(options)) {
        seen.push(offset);
        if (offset === 9) stop.abort();
      }
    })();
    await world.clock.runUntil(reading);
    expect(seen).toHaveLength(10);
    expect(world.cluster.consumers()).toEqual([]);
  });
});
