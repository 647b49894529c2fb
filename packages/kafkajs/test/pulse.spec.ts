import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Pulse } from '../src/consumer/pulse.js';

describe('Pulse', () => {
  const told: string[] = [];
  let pulse: Pulse;

  beforeEach(() => {
    jest.useFakeTimers();
    told.length = 0;
    pulse = new Pulse({ silent: (ms) => told.push(`silent ${ms}`), heard: () => told.push('heard') }, 1000);
    pulse.start();
  });

  afterEach(() => {
    pulse.stop();
    expect(jest.getTimerCount()).toBe(0);
    jest.useRealTimers();
  });

  it('tells of silence, and of its end', () => {
    jest.advanceTimersByTime(900);
    expect(told).toEqual([]);
    jest.advanceTimersByTime(350);
    pulse.beat();
    expect(told).toEqual(['silent 1000', 'silent 1250', 'heard']);
  });

  it('says nothing while there are beats', () => {
    for (let i = 0; i < 10; i++) {
      jest.advanceTimersByTime(900);
      pulse.beat();
    }
    expect(new Set(told)).toEqual(new Set(['heard']));
  });

  it('does not take a process that stood still for a broker that does', () => {
    jest.advanceTimersByTime(500);
    jest.setSystemTime(Date.now() + 5000); // a handler that blocks: the timer comes late, and answers wait unread
    jest.advanceTimersByTime(250);
    expect(told).toEqual([]);
    pulse.beat();
    jest.advanceTimersByTime(750);
    expect(told).toEqual(['heard']);
  });
});
