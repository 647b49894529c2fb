import { describe, expect, it } from '@jest/globals';
import { ReplayedSet } from '../src/replay/replayed-set.js';
import { readStored } from '../src/replay/stored.js';

const at = { topic: 'orders.dlq', partition: 0 };

describe('ReplayedSet', () => {
  it('moves its frontier over what is replayed without a gap', () => {
    const set = new ReplayedSet(10);
    set.add(12, 14);
    expect([set.frontier, set.above]).toEqual([10, [{ from: 12, to: 14 }]]);
    set.add(10);
    expect(set.frontier).toBe(11);
    set.add(11);
    expect([set.frontier, set.above]).toEqual([14, []]);
    expect([9, 13, 14].map((offset) => set.has(offset))).toEqual([true, true, false]);
  });

  it('says what it holds in a commit, and is read back from it', () => {
    const set = new ReplayedSet(0);
    for (const offset of [0, 1, 5, 6, 9]) set.add(offset);
    const { replayed, unreadable } = readStored(
      { ...at, offset: set.frontier, metadata: set.metadata() },
      { ...at, low: 0, high: 20 },
    );
    expect(unreadable).toBeUndefined();
    const all = Array.from({ length: 20 }, (_, n) => n);
    expect(all.filter((n) => replayed.has(n))).toEqual([0, 1, 5, 6, 9]);
  });

  it('does not reach into its copy', () => {
    const set = new ReplayedSet(0, [{ from: 3, to: 4 }]);
    set.copy().add(0, 3);
    expect(set.frontier).toBe(0);
    expect(set.above).toEqual([{ from: 3, to: 4 }]);
  });
});

describe('what is stored', () => {
  const metadata = new ReplayedSet(4, [{ from: 6, to: 8 }]).metadata();

  it('is nothing where nobody has committed', () => {
    const { replayed } = readStored({ ...at, offset: undefined, metadata: '' }, { ...at, low: 3, high: 9 });
    expect([replayed.frontier, replayed.above]).toEqual([3, []]);
  });

  it('loses what retention has removed', () => {
    const { replayed } = readStored({ ...at, offset: 4, metadata }, { ...at, low: 7, high: 9 });
    expect([replayed.frontier, replayed.above]).toEqual([8, []]);
  });

  it('belongs to an older topic where it lies beyond the end', () => {
    const { replayed } = readStored({ ...at, offset: 40, metadata: '' }, { ...at, low: 0, high: 9 });
    expect(replayed.frontier).toBe(0);
  });

  it('is not believed where it is broken', () => {
    const { replayed, unreadable } = readStored(
      { ...at, offset: 4, metadata: metadata.replace(/.$/, '!') },
      { ...at, low: 0, high: 9 },
    );
    expect(unreadable).toBeDefined();
    expect([replayed.frontier, replayed.above]).toEqual([4, []]);
  });
});
