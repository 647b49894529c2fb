import { describe, expect, it } from '@jest/globals';
import type { PartitionAssignment } from '../src/group/partition-assignment.js';
import { Turns } from '../src/lanes/turns.js';

class Fake {
  canStart = true;
  running = 0;
  queued = false;
  hasPlace = false;
  turnStarts = 0;
  ready = 0;

  constructor(readonly name: string) {}

  get lanes(): { hasReady: boolean } {
    return { hasReady: this.ready > 0 };
  }
}

function setup(partitionLimit: number, turnLength = 100, names = 'abcd') {
  const turns = new Turns(partitionLimit, turnLength);
  const fakes = new Map([...names].map((name) => [name, new Fake(name)]));
  const of = (name: string): Fake => fakes.get(name) as Fake;
  const asPartition = (fake: Fake): PartitionAssignment => fake as unknown as PartitionAssignment;
  return {
    turns,
    of,
    offer: (name: string, ready = 1): void => {
      of(name).ready += ready;
      turns.offer(asPartition(of(name)));
    },
    /** Starts the next handler as the worker does. */
    start: (): string | undefined => {
      const next = turns.next() as unknown as Fake | undefined;
      if (next === undefined) return undefined;
      next.ready--;
      next.running++;
      if (next.ready > 0) turns.offer(asPartition(next));
      return next.name;
    },
    end: (name: string): void => {
      of(name).running--;
      if (of(name).running === 0) turns.rest(asPartition(of(name)));
    },
  };
}

describe('turns', () => {
  it('go around, one start each', () => {
    const { offer, start } = setup(Infinity);
    for (const name of 'abc') offer(name, 2);
    expect(Array.from({ length: 7 }, start)).toEqual(['a', 'b', 'c', 'a', 'b', 'c', undefined]);
  });

  it('pass over a partition that may not start and one that has nothing ready', () => {
    const { offer, start, of } = setup(Infinity);
    for (const name of 'abc') offer(name);
    of('a').canStart = false;
    of('b').ready = 0;
    expect([start(), start()]).toEqual(['c', undefined]);
  });

  it('keep to partitionLimit until a partition is at rest', () => {
    const { offer, start, end } = setup(2);
    for (const name of 'abc') offer(name);
    expect([start(), start(), start()]).toEqual(['a', 'b', undefined]);
    end('a');
    expect([start(), start()]).toEqual(['c', undefined]);
  });

  it('end after turnLength starts where others wait', () => {
    const { offer, start, end } = setup(1, 3);
    offer('a', 10);
    offer('b', 1);
    expect([start(), start(), start(), start()]).toEqual(['a', 'a', 'a', undefined]);
    for (let i = 0; i < 3; i++) end('a');
    expect([start(), start()]).toEqual(['b', undefined]);
    end('b');
    expect(start()).toBe('a');
  });

  it('go on past turnLength where nobody waits', () => {
    const { offer, start } = setup(1, 3);
    offer('a', 10);
    expect(Array.from({ length: 5 }, start)).toEqual(['a', 'a', 'a', 'a', 'a']);
  });

  it('count a place once when a partition whose turn is over gets the next one while it still runs', () => {
    const { offer, start, end } = setup(2, 2);
    offer('a', 3);
    offer('b', 1);
    offer('c', 1); // waits
    expect([start(), start(), start()]).toEqual(['a', 'b', 'a']); // a's turn is over: it stands behind c
    end('b'); // c gets b's place
    expect(start()).toBe('c');
    end('c'); // the place goes to a, which still runs and holds one already
    expect(start()).toBe('a');
    for (let i = 0; i < 3; i++) end('a');
    // everybody is at rest: two places must be there again
    offer('b');
    offer('c');
    expect([start(), start()].sort()).toEqual(['b', 'c']);
  });

  it('give a place to no partition that has been paused while it waited', () => {
    const { offer, start, end, of } = setup(1);
    for (const name of 'abc') offer(name);
    start();
    of('b').canStart = false;
    end('a');
    expect(start()).toBe('c');
    end('c');
    of('b').canStart = true;
    offer('b', 0);
    expect(start()).toBe('b');
  });
});
