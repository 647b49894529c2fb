import { describe, expect, it } from '@jest/globals';
import { seeded } from './support/random.js';
import { World } from './support/world.js';

describe('after a crash', () => {
  it('the next member handles nothing again that was done at the last commit, and all the rest', async () => {
    const world = new World();
    const options = { concurrency: 'unordered', limit: 200, commit: { intervalMs: 1_000 } } as const;
    const a = await world.engine({ options });
    world.produce(200);
    await world.clock.tick();
    const random = seeded(7);
    const done = Array.from({ length: 200 }, (_, i) => i).filter(() => random() < 0.5);
    for (const offset of done) a.calls.finish(offset);
    await world.clock.advance(1_000);
    const late = a.calls.running[0]?.offset as number;
    a.calls.finish(late); // done, but never committed
    await world.clock.tick();
    world.cluster.crash(world.cluster.consumers()[0] as never);
    const b = await world.engine({ options });
    await world.clock.advance(31_000);
    const again = b.calls.all.map((call) => call.offset);
    expect(again).toEqual(Array.from({ length: 200 }, (_, i) => i).filter((offset) => !done.includes(offset)));
    b.calls.finishAll();
    await world.clock.advance(1_000);
    expect(world.stored()).toEqual({ offset: 200, done: [] });
    expect(world.violations).toEqual([]);
  });

  it('of one member after the other nothing is lost and every commit is safe', async () => {
    for (const seed of [1, 2, 3]) {
      const random = seeded(seed);
      const world = new World({ partitions: 3 });
      for (let partition = 0; partition < 3; partition++) {
        for (let i = 0; i < 300; i++) {
          if (random() < 0.1) world.cluster.skipOffsets('t', partition, 1 + Math.floor(random() * 5));
          world.produce([`k${Math.floor(random() * 20)}`], partition);
        }
      }
      const handled = new Map<string, number>();
      const setup = {
        options: {
          concurrency: 'key',
          limit: 40,
          commit: { intervalMs: 50, records: 20 },
          buffer: { records: 60 },
          retry: { attempts: 100, backoff: () => Math.floor(random() * 40) },
        },
      } as const;
      const live = [];
      for (let generation = 0; generation < 8; generation++) {
        const member = await world.engine(setup);
        member.calls.respond = async (call) => {
          await new Promise<void>((resolve) => world.clock.setTimer(resolve, Math.floor(random() * 60)));
          if (random() < 0.15) throw new Error('no');
          handled.set(`${call.partition}:${call.offset}`, (handled.get(`${call.partition}:${call.offset}`) ?? 0) + 1);
        };
        for (const call of member.calls.running) call.end.resolve(member.calls.respond(call));
        live.push(member);
        await world.clock.advance(100 + Math.floor(random() * 200));
        if (generation % 3 === 1) {
          world.cluster.crash(world.cluster.consumers('g')[0] as never);
          await world.clock.advance(35_000);
        } else if (generation % 3 === 2) {
          const members = world.cluster.group('g').members;
          world.cluster.expireSession(members.at(-1)?.memberId ?? '');
        }
      }
      const all = (async () => {
        while (world.cluster.lag('g') > 0) await new Promise<void>((resolve) => world.clock.setTimer(resolve, 500));
      })();
      await world.clock.runUntil(all);
      expect(world.violations).toEqual([]);
      expect(handled.size).toBe(900);
      for (const member of live.slice(-1)) await world.drain(member);
    }
  });
});
