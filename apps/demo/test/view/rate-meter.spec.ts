import { describe, expect, it } from '@jest/globals';
import { RateMeter } from '../../src/view/rate-meter.js';

describe('RateMeter', () => {
  it('is the mean of the last three seconds', () => {
    const meter = new RateMeter(0);
    for (let now = 0; now < 10_000; now += 100) meter.add(now < 5_000 ? 1 : 20, now);
    expect(meter.perSecond(10_000)).toBe(200);
  });

  it('falls to nothing when nothing happens', () => {
    const meter = new RateMeter(0);
    meter.add(1_000, 100);
    expect(meter.perSecond(400)).toBe(0); // the first half second is not over
    expect(meter.perSecond(600)).toBe(2_000);
    expect(meter.perSecond(5_000)).toBe(0);
  });

  it('remembers half seconds, oldest first', () => {
    const meter = new RateMeter(0);
    meter.add(1, 0);
    meter.add(3, 700);
    expect(meter.history(1_000)).toEqual([2, 6]);
  });
});
