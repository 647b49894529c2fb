import { describe, expect, it } from '@jest/globals';
import { FakeClock, InMemoryCluster } from '@kafka-worker/testing';
import { systemClock, WorkerEngine, type Clock } from '../src/index.js';
import { LoopShare, STRETCH_MS } from '../src/lanes/loop-share.js';
import { Slots } from '../src/lanes/slots.js';

/** Time and turns of the event loop come when a test says so. */
class TurningClock implements Clock {
  time = 1_000;
  readonly turns: (() => void)[] = [];
  readonly now = (): number => this.time;
  readonly setTimer = (): undefined => undefined;
  readonly clearTimer = (): void => undefined;
  readonly afterTurn = (callback: () => void): void => void this.turns.push(callback);

  turn(): void {
    for (const callback of this.turns.splice(0)) callback();
  }
}

/** Starts what it may, each start taking some time. */
class User {
  started = 0;

  constructor(
    readonly slots: Slots,
    readonly clock: TurningClock,
    readonly wants: number,
    readonly takesMs: number,
  ) {}

  pump(): void {
    while (this.started < this.wants && this.slots.acquire(this, this.clock.time)) {
      this.started++;
      this.clock.time += this.takesMs;
      this.slots.release();
    }
  }
}

describe('the share of the event loop', () => {
  it('is used up after 20 ms, and whoever asked then goes on when the loop has turned', () => {
    const clock = new TurningClock();
    const slots = new Slots(1, new LoopShare(clock));
    const user = new User(slots, clock, 7, STRETCH_MS / 2);
    user.pump();
    expect([user.started, clock.turns.length, slots.used]).toEqual([2, 1, 0]);
    user.pump(); // somebody else has settled: nothing more before the turn
    expect(user.started).toBe(2);
    clock.turn();
    expect(user.started).toBe(4);
    clock.turn();
    clock.turn();
    expect([user.started, clock.turns.length]).toEqual([7, 1]);
    clock.turn();
    expect(clock.turns).toEqual([]); // nothing is started, so no turn is asked for
  });

  it('is one for all who start handlers, and each of them is woken', () => {
    const clock = new TurningClock();
    const slots = new Slots(1, new LoopShare(clock));
    const users = [5, 3].map((wants) => new User(slots, clock, wants, STRETCH_MS));
    for (const user of users) user.pump();
    expect(users.map(({ started }) => started)).toEqual([1, 0]);
    for (let turn = 0; turn < 20; turn++) clock.turn();
    expect(users.map(({ started }) => started)).toEqual([5, 3]);
  });

  it('waits for slots as ever: who is woken by a turn and finds none is woken by the next that comes free', () => {
    const clock = new TurningClock();
    const slots = new Slots(1, new LoopShare(clock));
    const user = new User(slots, clock, 2, STRETCH_MS);
    expect(slots.acquire({ pump: () => undefined }, clock.time)).toBe(true);
    clock.time += STRETCH_MS;
    user.pump();
    clock.turn();
    expect(user.started).toBe(0);
    slots.release();
    clock.turn();
    clock.turn();
    expect(user.started).toBe(2);
  });

  it('does not grow where the clock is put back', () => {
    const clock = new TurningClock();
    const slots = new Slots(1, new LoopShare(clock));
    const user = new User(slots, clock, 3, -60_000);
    user.pump();
    expect(user.started).toBe(1);
    clock.turn();
    expect(user.started).toBe(2);
  });

  it('is without end where there is no loop to keep turning', () => {
    const clock: Clock = new FakeClock();
    const share = new LoopShare(clock);
    expect(share.allows({ pump: () => undefined }, clock.now())).toBe(true);
    expect(share.allows({ pump: () => undefined }, clock.now())).toBe(true);
  });
});

describe.each([
  { how: 'computes and never waits', wait: (): undefined => undefined },
  { how: 'waits for what is there already', wait: () => Promise.resolve() },
])('a handler that $how', ({ wait }) => {
  it('leaves the event loop its turns', async () => {
    const cluster = new InMemoryCluster({ clock: systemClock });
    cluster.createTopic('t', 1);
    const count = 300;
    cluster.produce(Array.from({ length: count }, () => ({ topic: 't', partition: 0, value: 'v' })));
    const engine = new WorkerEngine({ driver: cluster.driver() });
    let [handled, sinceTurn, most] = [0, 0, 0];
    const turned = (): void => {
      sinceTurn = 0;
      if (handled < count) setImmediate(turned);
    };
    engine.add({
      id: 'w',
      groupId: 'g',
      topics: ['t'],
      options: { concurrency: 'unordered' },
      handle: () => {
        if (handled++ === 0) setImmediate(turned);
        most = Math.max(most, ++sinceTurn);
        // at least a millisecond by the clock that the engine measures with
        for (const since = Date.now(); Date.now() - since < 1;);
        return wait();
      },
    });
    await engine.start();
    while (handled < count) await new Promise(setImmediate);
    await engine.drain();
    expect(most).toBeLessThanOrEqual(3 * STRETCH_MS); // two stretches may lie between two looks
  });
});
