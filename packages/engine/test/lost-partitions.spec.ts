import { describe, expect, it } from '@jest/globals';
import type { DriverConsumerListener, KafkaDriver } from '../src/index.js';
import { deferred, type Deferred } from '@kafka-worker/testing';
import { World } from './support/world.js';

const memberId = (world: World): string => world.cluster.group('g').members[0]?.memberId ?? '';

describe('partitions that are lost', () => {
  it("abort with cause 'lost' and commit nothing any more", async () => {
    const world = new World();
    const a = await world.engine({ options: { commit: 'each', limit: 4, concurrency: 'unordered' } });
    world.produce(3);
    await world.clock.tick();
    a.calls.finish(1);
    await world.clock.tick();
    const first = memberId(world);
    const running = a.calls.running;
    world.cluster.expireSession(first);
    await world.clock.tick();
    expect(a.of('group.lost')).toMatchObject([{ partitions: [{ topic: 't', partition: 0 }] }]);
    expect(running.map((call) => (call.signal.reason as Error).cause)).toEqual(['lost', 'lost']);
    for (const call of running) call.end.resolve();
    await world.clock.advance(60_000);
    expect(a.of('record.late')).toHaveLength(2);
    expect(world.cluster.commits.filter((c) => c.memberId === first)).toHaveLength(1);
    // it has joined again: 1 was in the map
    expect(a.calls.open).toEqual(['0:0', '0:2']);
    expect(world.violations).toEqual([]);
  });

  it('start nothing while one after the other is given up', async () => {
    const world = new World({ partitions: 3 });
    const a = await world.engine({ options: { concurrency: 'serial', retry: { attempts: 2 } } });
    for (const partition of [0, 1, 2]) world.produce(2, partition);
    await world.clock.tick();
    a.calls.running[0]?.end.reject(new Error('no')); // waits for its retry, with the worker's only slot
    await world.clock.tick();
    const before = a.calls.all.length;
    world.cluster.expireSession(memberId(world));
    await world.clock.tick();
    expect(a.of('group.lost')).toHaveLength(1);
    const causes = a.calls.all.slice(before).map((call) => (call.signal.reason as Error | undefined)?.cause);
    expect(causes).toEqual([undefined]); // one, under the new membership
  });

  it('are not taken up by an assignment that was under way', async () => {
    const world = new World();
    let listener: DriverConsumerListener | undefined;
    const gates: Deferred<void>[] = [];
    const slow = (driver: KafkaDriver): KafkaDriver => ({
      ...driver,
      createConsumer: (options) => {
        const consumer = driver.createConsumer(options);
        return {
          start: (given) => consumer.start((listener = given)),
          pause: (p) => consumer.pause(p),
          resume: (p) => consumer.resume(p),
          seek: (p) => consumer.seek(p),
          commit: (o) => consumer.commit(o),
          committed: async (p) => {
            const gate = deferred();
            gates.push(gate);
            const answer = await consumer.committed(p);
            await gate.promise;
            return answer;
          },
          logRanges: (p) => consumer.logRanges(p),
          stopping: () => consumer.stopping(),
          stop: () => consumer.stop(),
        };
      },
    });
    world.produce(5);
    const a = await world.engine({ driver: slow });
    expect(listener).toBeDefined();
    expect(gates).toHaveLength(1);
    world.cluster.expireSession(memberId(world));
    await world.clock.tick();
    gates[0]?.resolve();
    await world.clock.tick();
    // the membership under which 0 was asked for is over; the new one asks for itself
    expect(gates).toHaveLength(2);
    expect(a.held).toEqual([]);
    gates[1]?.resolve();
    await world.clock.tick();
    expect(a.held).toEqual([0]);
    expect(a.calls.open).toEqual(['0:0']);
  });
});
