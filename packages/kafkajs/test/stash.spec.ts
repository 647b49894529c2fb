import type { KafkaRecord } from '@kafka-worker/engine';
import { describe, expect, it } from '@jest/globals';
import { HeldPartition } from '../src/consumer/held-partition.js';
import { Stash } from '../src/consumer/stash.js';

function records(from: number, to: number): KafkaRecord[] {
  return Array.from({ length: to - from }, (_, n) => ({
    topic: 't',
    partition: 0,
    offset: from + n,
    timestamp: 0,
    key: null,
    value: null,
    headers: {},
  }));
}

describe('stash', () => {
  it('gives back in order what was not taken, in bounded offers', () => {
    const stash = new Stash();
    stash.put(records(0, 5000), 10);
    const seen: number[] = [];
    for (let step = 1; stash.size > 0; step++) {
      const offer = stash.peek();
      expect(offer.length).toBeLessThanOrEqual(1024);
      const taken = Math.min(offer.length, (step * 37) % 400);
      seen.push(...offer.slice(0, taken).map(({ offset }) => offset));
      stash.take(taken);
    }
    expect(seen).toEqual(Array.from({ length: 4990 }, (_, n) => n + 10));
  });

  it('appends behind what is there', () => {
    const stash = new Stash();
    stash.put(records(0, 10), 4);
    stash.put(records(10, 12), 0);
    expect(stash.peek().map(({ offset }) => offset)).toEqual([4, 5, 6, 7, 8, 9, 10, 11]);
  });
});

describe('a held partition', () => {
  function held(): HeldPartition {
    const partition = new HeldPartition('t', 0);
    partition.delivered = 100;
    partition.fetched = 200;
    partition.full = true;
    partition.stash.put(records(100, 200), 0);
    return partition;
  }

  it.each([
    ['where it stands', 100, 100, 200],
    ['within what was kept', 150, 50, 200],
    ['behind what was kept', 200, 0, 200],
    ['before what was kept', 90, 0, 90],
    ['far behind', 300, 0, 300],
  ])('starting %s keeps what is consecutive', (_name, offset, size, fetched) => {
    const partition = held();
    partition.startAt(offset);
    expect(partition.stash.size).toBe(size);
    expect(partition.fetched).toBe(fetched);
    expect(partition.delivered).toBe(offset);
    expect(partition.full).toBe(false);
  });

  it('that is moved keeps nothing', () => {
    const partition = held();
    partition.jumpTo(120);
    expect(partition.stash.size).toBe(0);
    expect([partition.delivered, partition.fetched]).toEqual([120, 120]);
  });
});

describe('a held partition', () => {
  it('is fetched again when half of the last response is left, so that it holds one and a half at most', () => {
    const held = new HeldPartition('t', 0);
    const sizes: number[] = [];
    for (let from = 0; from < 10_000; from += 1000) {
      expect(held.blocked).toBe(false);
      held.stash.put(records(from, from + 1000), 0);
      sizes.push(held.stash.size);
      while (held.blocked) held.stash.take(100);
      expect(held.stash.size).toBe(500);
    }
    expect(Math.max(...sizes)).toBe(1500);
    held.paused = true;
    expect(held.blocked).toBe(true);
  });
});
