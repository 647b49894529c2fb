import { describe, expect, it } from '@jest/globals';
import { deferred, FakeClock } from '../src/index.js';

describe('FakeClock', () => {
  it('stands still until it is moved', async () => {
    const clock = new FakeClock({ now: 1_000 });
    let fired = 0;
    clock.setTimer(() => fired++, 1);
    await clock.tick();
    expect([fired, clock.now(), clock.nextAt]).toEqual([0, 1_000, 1_001]);
  });

  it('fires timers by time, then by order of setting, each at its own time', async () => {
    const clock = new FakeClock({ now: 0 });
    const fired: string[] = [];
    const note = (name: string) => () => void fired.push(`${name}@${clock.now()}`);
    clock.setTimer(note('c'), 20);
    clock.setTimer(note('a'), 10);
    clock.setTimer(note('b'), 10);
    clock.setTimer(note('late'), 21);
    await clock.advance(20);
    expect(fired).toEqual(['a@10', 'b@10', 'c@20']);
    expect([clock.now(), clock.pending]).toEqual([20, 1]);
  });

  it('settles promises between two timers, which may set further ones', async () => {
    const clock = new FakeClock({ now: 0 });
    const fired: number[] = [];
    clock.setTimer(async () => {
      await Promise.resolve();
      clock.setTimer(() => fired.push(clock.now()), 5);
    }, 10);
    await clock.advance(15);
    expect(fired).toEqual([15]);
  });

  it('does not fire what was cleared, and takes a cleared or fired timer without complaint', async () => {
    const clock = new FakeClock();
    const timer = clock.setTimer(() => expect(true).toBe(false), 1);
    clock.clearTimer(timer);
    clock.clearTimer(timer);
    clock.clearTimer(undefined);
    await clock.advance(10);
  });

  it('runs until a promise settles, and says so when nothing can settle it', async () => {
    const clock = new FakeClock({ now: 0 });
    const done = deferred<string>();
    clock.setTimer(() => done.resolve('ok'), 500);
    expect(await clock.runUntil(done.promise)).toBe('ok');
    expect(clock.now()).toBe(500);
    await expect(clock.runUntil(deferred().promise)).rejects.toThrow('no timer is left');
    clock.setTimer(() => undefined, 10_000);
    await expect(clock.runUntil(deferred().promise, 1_000)).rejects.toThrow('after 1000 ms');
    await expect(clock.runUntil(Promise.reject(new Error('mine')))).rejects.toThrow('mine');
  });

  it('notices a timer that sets itself again without time passing', async () => {
    const clock = new FakeClock({ maxTimersPerInstant: 50 });
    const again = (): void => void clock.setTimer(again, 0);
    again();
    await expect(clock.tick()).rejects.toThrow('50 timers');
  });
});
