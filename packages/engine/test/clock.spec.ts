import { describe, expect, it, jest } from '@jest/globals';
import { systemClock } from '../src/index.js';

describe('real time', () => {
  it('does not fire a timer of more than 24 days at once, as Node does', () => {
    const fired = jest.fn();
    const spy = jest.spyOn(globalThis, 'setTimeout');
    systemClock.clearTimer(systemClock.setTimer(fired, 1e12));
    expect(spy).toHaveBeenCalledWith(fired, 2 ** 31 - 1);
    spy.mockRestore();
  });
});
