import { describe, expect, it } from '@jest/globals';
import type { WorkerOptions } from '../src/index.js';
import { deferred } from '@kafka-worker/testing';
import { Calls, type Call } from './support/calls.js';
import { seeded } from './support/random.js';
import { TransactionWorld } from './support/transactions.js';
import type { Member, MemberSetup } from './support/world.js';

const place = { topic: 't', partition: 0 };
const send = ({ delivery }: Call, value: string, topic = 'out'): void => delivery.send({ topic, value });
const answer = (call: Call): Promise<void> => Promise.resolve(send(call, `${call.offset}`));
const numbers = (n: number): string[] => Array.from({ length: n }, (_, i) => `${i}`);

function member(world: TransactionWorld, options: WorkerOptions = {}, setup: MemberSetup = {}): Promise<Member> {
  return world.engine({ driver: world.driver, ...setup, options: { ...world.options, ...options } });
}

describe('a transaction', () => {
  it('that was aborted is sent again, once, with what has come since', async () => {
    const world = new TransactionWorld();
    const a = await member(world);
    a.calls.respond = answer;
    world.cluster.faults.transaction({ refused: true });
    world.produce(2);
    await world.clock.advance(100);
    expect(a.of('commit.failed')).toMatchObject([{ willRetry: true, error: { code: 'COMMIT_FAILED' } }]);
    world.produce(1);
    await world.clock.advance(10_000);
    expect(world.outputs).toEqual(numbers(3));
    expect(world.sent).toHaveLength(2);
  });

  it.each([
    ['was committed', 'answer'],
    ['was not', 'request'],
  ] as const)('whose answer was lost, and that %s, has its effect once', async (_, lost) => {
    const world = new TransactionWorld();
    const a = await member(world);
    a.calls.respond = answer;
    world.cluster.faults.transaction({ lost });
    world.produce(3);
    await world.clock.advance(100);
    world.produce(2);
    await world.clock.advance(10_000);
    expect(world.outputs).toEqual(numbers(5));
    expect(world.stored()).toEqual({ offset: 5, done: [] });
    expect(a.partition().committed).toBe(5);
    expect(a.of('position.held')).toEqual([]);
  });

  it.each([
    ['answer', 'does not answer'],
    ['request', 'does not answer'],
    ['answer', 'refuses'],
    ['request', 'refuses'],
  ] as const)('in doubt for long has its effect once (%s lost, the broker %s)', async (lost, broker) => {
    const world = new TransactionWorld({ partitions: 2 });
    const setup = { inMemory: { heartbeatsDuringRevoke: false }, sessionTimeoutMs: 20_000 };
    const a = await member(world, {}, setup);
    a.calls.respond = (call) => (call.offset === 3 ? call.end.promise.then(() => answer(call)) : answer(call));
    world.produce(2);
    await world.clock.advance(100);
    world.cluster.faults.transaction({ lost });
    world.produce(2);
    const gate = deferred();
    world.opening = () => (broker === 'refuses' ? Promise.reject(new Error('away')) : gate.promise);
    await world.clock.advance(110);
    await member(world, {}, setup);
    await world.clock.advance(25_000); // a drain that waits for 3, with signs of life that must not move the offset back
    expect(a.of('group.lost')).toEqual([]);
    world.opening = () => undefined;
    gate.resolve();
    a.calls.finish(3);
    await world.clock.advance(60_000);
    expect(world.outputs).toEqual(numbers(4));
    expect(world.stored()).toEqual({ offset: 4, done: [] });
  });
});

describe('a transactional id that somebody else takes', () => {
  it('is taken back, and goes on where the group stands', async () => {
    const world = new TransactionWorld();
    const a = await member(world);
    a.calls.respond = answer;
    world.produce(2);
    await world.clock.advance(100);
    world.produce(2);
    await world.clock.tick();
    world.cluster.beginTransaction('kafka-worker.g.t.0').abort();
    await world.clock.advance(100);
    expect(a.of('position.held')).toMatchObject([{ reason: expect.stringContaining('somebody else') as unknown }]);
    expect(world.outputs).toEqual(numbers(2));
    await world.clock.advance(2_000);
    expect(a.of('claim.renewed')).toMatchObject([{ offset: 2 }]);
    expect(world.outputs).toEqual(numbers(4));
    expect(world.producers.map(({ closed }) => closed)).toEqual([true, false]);
    await world.drain(a);
    expect(world.clock.pending).toBe(0);
  });

  it('by the next owner, has nothing of the last one count any more', async () => {
    const world = new TransactionWorld();
    const a = await member(world, { commit: { intervalMs: 60_000 } });
    a.calls.respond = answer;
    world.produce(3);
    await world.clock.tick();
    world.cluster.crash(world.cluster.consumers()[0] as never); // its producer lives on
    const b = await member(world);
    b.calls.respond = answer;
    await world.clock.advance(59_000);
    expect(world.outputs).toEqual(numbers(3));
    await world.clock.advance(60_000); // the other one tries to commit
    expect(a.of('position.held')).toHaveLength(1);
    world.produce(2);
    await world.clock.advance(1_000);
    expect(world.outputs).toEqual(numbers(5));
  });
});

describe('what is refused for good', () => {
  it('holds its partition with a reason, also through a drain, until somebody seeks', async () => {
    const world = new TransactionWorld({ partitions: 2 });
    const a = await member(world);
    a.calls.respond = (call) => Promise.resolve(send(call, `${call.offset}`, call.offset === 1 ? 'nowhere' : 'out'));
    world.produce(3);
    world.produce(1, 1);
    await world.clock.advance(100);
    expect(a.of('position.held')).toMatchObject([
      { partition: 0, reason: expect.stringContaining('nowhere') as unknown },
    ]);
    expect(world.outputs).toEqual(['0']); // of the other partition
    expect(a.partition().held).toContain('refused for good');
    world.produce(1);
    await world.clock.advance(5_000);
    expect(a.calls.all).toHaveLength(4);
    const sought = a.engine.seek(place, 2);
    await world.clock.advance(1_000);
    await sought;
    expect(world.outputs).toEqual(['0', '2', '3']);
    expect(world.stored()).toEqual({ offset: 4, done: [] });
  });

  it('does not keep a drain from ending', async () => {
    const world = new TransactionWorld();
    const a = await member(world);
    a.calls.respond = (call) => Promise.resolve(send(call, 'x', 'nowhere'));
    world.produce(3);
    await world.clock.advance(100);
    await world.drain(a);
    expect(a.engine.state).toBe('STOPPED');
    expect(world.stored()).toBeUndefined();
    expect(world.clock.pending).toBe(0);
  });
});

describe('transactional() over crashes and rebalances', () => {
  it('has each output once, and those of a key in order', async () => {
    for (let seed = 1; seed <= 6; seed++) {
      const random = seeded(seed);
      const pick = (n: number): number => Math.floor(random() * n);
      const world = new TransactionWorld({ partitions: 2, latencyMs: () => pick(3) });
      const calls = new Calls();
      calls.respond = async (call) => {
        send(call, `${call.partition}/${call.key}/${call.offset}`);
        await new Promise<void>((resolve) => world.clock.setTimer(resolve, pick(60)));
        if (random() < 0.1) throw new Error('no');
      };
      const retry = { attempts: 50, backoff: () => pick(30) };
      const inMemory = { incrementalRebalance: seed % 3 === 0 };
      const options: WorkerOptions = { concurrency: 'key', retry, limit: 5, commit: { intervalMs: 50 } };
      for (let step = 0; step < 15; step++) {
        for (const partition of [0, 1])
          world.produce(
            Array.from({ length: 8 }, () => `k${pick(3)}`),
            partition,
          );
        if (step % 2 === 0) await member(world, options, { calls, inMemory });
        for (let i = 0; i < 3; i++) {
          const dice = pick(6);
          if (dice < 2) world.cluster.faults.transaction({ lost: dice === 0 ? 'answer' : 'request' });
          else if (dice === 2) world.cluster.faults.transaction({ refused: true });
          else if (dice === 3) world.cluster.faults.transaction({ commitDelayMs: pick(200) });
          await world.clock.advance(pick(100));
        }
        const dice = random();
        const zombie = world.cluster.consumers('g').at(-1);
        if (dice < 0.25) world.kill();
        else if (dice < 0.4) world.cluster.expireSession(world.cluster.group('g').members[0]?.memberId ?? '');
        else if (dice < 0.5) world.cluster.beginTransaction(`kafka-worker.g.t.${pick(2)}`).abort();
        else if (dice < 0.6 && zombie !== undefined) world.cluster.crash(zombie);
      }
      world.cluster.faults.clear();
      await member(world, options, { calls, inMemory });
      await world.clock.advance(180_000);
      const expected = world.cluster.records('t').map((r) => `${r.partition}/${String(r.key)}/${r.offset}`);
      expect({ seed, outputs: [...world.outputs].sort() }).toEqual({ seed, outputs: [...expected].sort() });
      const lane = (text: string): string => text.slice(0, text.lastIndexOf('/'));
      for (const key of new Set(expected.map(lane))) {
        const mine = world.outputs.filter((text) => lane(text) === key);
        expect(mine).toEqual(expected.filter((text) => lane(text) === key));
      }
    }
  });
});
