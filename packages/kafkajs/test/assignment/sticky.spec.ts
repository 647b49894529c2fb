import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { assignSticky } from '../../src/assignment/sticky.js';
import { ownersOf } from '../../src/assignment/owners.js';
import type { Shares, Subscriber } from '../../src/index.js';
import { given, groups, holding, keyOf, numbers, sizes, wanted, type Group } from './support.js';

/** How many partitions stay where they are. */
function kept({ members, counts }: Group, shares: Shares): number {
  const owners = ownersOf(members, counts);
  return [...shares].reduce(
    (sum, [id, share]) => sum + share.filter((one) => owners.get(keyOf(one))?.memberId === id).length,
    0,
  );
}

/** The most that can stay where shares differ by one at most: tries every choice of who gets one more. */
function mostThatCanStay({ members, counts }: Group): number {
  const owners = [...ownersOf(members, counts).values()].map(({ memberId }) => memberId);
  const has = members.map(({ memberId }) => owners.filter((id) => id === memberId).length);
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  const [each, rest] = [Math.floor(total / members.length), total % members.length];
  let most = 0;
  for (let choice = 0; choice < 2 ** members.length; choice++) {
    const larger = members.map((_, n) => (choice >> n) & 1);
    if (larger.reduce((sum, one) => sum + one, 0) !== rest) continue;
    most = Math.max(
      most,
      has.reduce((sum, count, n) => sum + Math.min(count, each + (larger[n] as number)), 0),
    );
  }
  return most;
}

/** The same members after they have taken over what they were given. */
function after(members: readonly Subscriber[], shares: Shares): Subscriber[] {
  return members.map((member) => ({ ...member, owned: shares.get(member.memberId) ?? [], since: 9 }));
}

describe('the sticky algorithm', () => {
  it.each([true, false])('gives every partition to exactly one subscriber (all alike: %p)', (alike) => {
    fc.assert(
      fc.property(groups(alike), (group) => {
        const shares = assignSticky(group.members, group.counts);
        expect(given(shares)).toEqual(wanted(group));
        for (const { memberId, topics } of group.members) {
          for (const { topic } of shares.get(memberId) ?? []) expect(topics).toContain(topic);
        }
      }),
    );
  });

  it('makes shares that differ by one at most where all subscribe to the same', () => {
    fc.assert(
      fc.property(groups(true), ({ members, counts }) => {
        const all = sizes(assignSticky(members, counts));
        expect((all.at(-1) as number) - (all[0] as number)).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('moves as few as possible there', () => {
    fc.assert(
      fc.property(groups(true), (group) => {
        expect(kept(group, assignSticky(group.members, group.counts))).toBe(mostThatCanStay(group));
      }),
    );
  });

  it('leaves no move that would make two shares more even where they do not', () => {
    fc.assert(
      fc.property(groups(false), ({ members, counts }) => {
        const shares = assignSticky(members, counts);
        const size = (id: string): number => shares.get(id)?.length ?? 0;
        for (const [from, share] of shares) {
          for (const { topic } of share) {
            for (const to of members.filter((member) => member.topics.includes(topic))) {
              expect(size(from) - size(to.memberId)).toBeLessThanOrEqual(1);
            }
          }
        }
      }),
    );
  });

  it.each([true, false])('moves nothing where nothing has changed (all alike: %p)', (alike) => {
    fc.assert(
      fc.property(groups(alike), ({ members, counts }) => {
        const shares = assignSticky(members, counts);
        const again = assignSticky(after(members, shares), counts);
        expect(new Map([...again].map(([id, share]) => [id, share.map(keyOf).sort()]))).toEqual(
          new Map([...shares].map(([id, share]) => [id, share.map(keyOf).sort()])),
        );
      }),
    );
  });

  it.each([true, false])('comes to the same in whatever order members are named (all alike: %p)', (alike) => {
    fc.assert(
      fc.property(groups(alike), fc.nat(), ({ members, counts }, turn) => {
        const turned = [...members.slice(turn % members.length), ...members.slice(0, turn % members.length)].reverse();
        expect([...assignSticky(turned, counts)].sort()).toEqual([...assignSticky(members, counts)].sort());
      }),
    );
  });

  it('takes from the fullest what a new member gets, and gives what one leaves to the others', () => {
    const counts = new Map([['t', 6]]);
    const joined = assignSticky(holding({ a: [0, 1, 2, 3], b: [4, 5], c: [] }), counts);
    expect(numbers(joined)).toEqual({ a: [0, 1], b: [4, 5], c: [2, 3] });
    const left = assignSticky(holding({ a: [0, 1], c: [2, 3] }), counts);
    expect(numbers(left)).toEqual({ a: [0, 1, 4], c: [2, 3, 5] });
  });

  it('believes the later of two that name the same, and who is at work before who has let go', () => {
    const counts = new Map([['t', 2]]);
    const [a, b] = holding({ a: [0, 1], b: [0, 1] }) as [Subscriber, Subscriber];
    const owner = (...members: Subscriber[]): (string | undefined)[] => [
      ...new Set([...ownersOf(members, counts).values()].map(({ memberId }) => memberId)),
    ];
    expect(owner(a, { ...b, since: 2 })).toEqual(['b']);
    expect(owner({ ...a, since: 2, released: true }, b)).toEqual(['b']);
  });

  it('takes no more than moments for many', () => {
    const members = Array.from({ length: 300 }, (_, n): Subscriber => ({ memberId: `m${n}`, topics: ['t'] }));
    const counts = new Map([['t', 30_000]]);
    const startedAt = performance.now();
    const shares = assignSticky(members, counts);
    const again = assignSticky(after(members, shares).slice(1), counts);
    expect(performance.now() - startedAt).toBeLessThan(2000);
    expect(sizes(again).at(-1)).toBe(101);
  });
});
