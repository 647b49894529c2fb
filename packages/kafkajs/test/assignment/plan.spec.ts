import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { TopicPartition } from '@kafka-worker/engine';
import { ASSIGNMENT_STRATEGIES, planAssignment, type Subscriber } from '../../src/index.js';
import { given, groups, holding, keyOf, numbers, wanted } from './support.js';

describe('a plan', () => {
  it.each(ASSIGNMENT_STRATEGIES)(
    'of %s gives or withholds every partition once, and only to subscribers',
    (strategy) => {
      fc.assert(
        fc.property(groups(false), (group) => {
          const { assigned, withheld } = planAssignment(strategy, group.members, group.counts);
          expect([...given(assigned), ...given(withheld)].sort()).toEqual(wanted(group));
          for (const { memberId, topics } of group.members) {
            for (const { topic } of assigned.get(memberId) ?? []) expect(topics).toContain(topic);
          }
        }),
      );
    },
  );

  it.each(ASSIGNMENT_STRATEGIES)('of %s gives nothing away that somebody is at work in', (strategy) => {
    fc.assert(
      fc.property(groups(false), ({ members, counts }) => {
        const { assigned } = planAssignment(strategy, members, counts);
        for (const member of members.filter(({ released }) => !released)) {
          for (const one of member.owned ?? []) {
            const taker = [...assigned].find(([, share]) => share.some((other) => keyOf(other) === keyOf(one)))?.[0];
            if (taker === undefined || taker === member.memberId) continue;
            // Two say that they are at work there: the one that has had it later is right.
            const other = members.find(({ memberId }) => memberId === taker) as Subscriber;
            expect(other.owned?.map(keyOf)).toContain(keyOf(one));
          }
        }
      }),
    );
  });

  it('withholds what moves, and gives it to the new one in the second round', () => {
    const counts = new Map([['t', 4]]);
    const first = planAssignment('cooperative', holding({ a: [0, 1, 2, 3], b: [] }), counts);
    expect(numbers(first.assigned)).toEqual({ a: [0, 1], b: [] });
    expect(numbers(first.withheld)).toEqual({ a: [2, 3], b: [] });
    const second = planAssignment('cooperative', holding({ a: [0, 1], b: [] }), counts);
    expect(numbers(second.assigned)).toEqual({ a: [0, 1], b: [2, 3] });
  });

  it('gives what a member has let go of before the join at once', () => {
    const { assigned } = planAssignment('sticky', holding({ a: [0, 1, 2, 3], b: [] }, true), new Map([['t', 4]]));
    expect(numbers(assigned)).toEqual({ a: [0, 1], b: [2, 3] });
  });

  it('withholds under an eager strategy too while somebody is at work', () => {
    const plan = planAssignment('round-robin', holding({ a: [0, 1, 2, 3], b: [] }), new Map([['t', 4]]));
    expect(numbers(plan.assigned)).toEqual({ a: [0, 2], b: [] });
    expect(numbers(plan.withheld)).toEqual({ a: [1, 3], b: [] });
  });

  it('gives the partitions that a topic has got more of at once', () => {
    const { assigned } = planAssignment('cooperative', holding({ a: [0, 1], b: [2, 3] }), new Map([['t', 6]]));
    expect(numbers(assigned)).toEqual({ a: [0, 1, 4], b: [2, 3, 5] });
  });
});

/** A member of a group that works in two rounds. */
interface Player {
  readonly id: string;
  /** At work there. */
  owned: TopicPartition[];
}

describe('a group that joins and lets go at random', () => {
  it('never has two at work in one partition, and comes to rest with all of them given', () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('join' as const) }),
      fc.record({ kind: fc.constant('leave' as const), who: fc.nat(5) }),
      fc.record({ kind: fc.constant('let go' as const), who: fc.nat(5) }),
      fc.record({ kind: fc.constant('grow' as const) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
        let partitions = 5;
        let seq = 0;
        const players: Player[] = [{ id: `p${seq++}`, owned: [] }];
        /** What is to be let go of, and is worked on until then. */
        const leaving = new Map<string, Set<string>>();
        const round = (): void => {
          const members = players.map(({ id, owned }): Subscriber => ({
            memberId: id,
            topics: ['t'],
            owned,
            since: 0,
          }));
          const { assigned } = planAssignment('cooperative', members, new Map([['t', partitions]]));
          for (const player of players) {
            const share = [...(assigned.get(player.id) ?? [])];
            const keys = new Set(share.map(keyOf));
            const kept = player.owned.filter((one) => !keys.has(keyOf(one)));
            leaving.set(player.id, new Set(kept.map(keyOf)));
            player.owned = [...share, ...kept];
          }
          const all = players.flatMap(({ owned }) => owned.map(keyOf));
          expect(new Set(all).size).toBe(all.length);
        };
        const letGo = (player: Player): void => {
          player.owned = player.owned.filter((one) => !leaving.get(player.id)?.has(keyOf(one)));
        };
        round();
        for (const one of steps) {
          if (one.kind === 'join') players.push({ id: `p${seq++}`, owned: [] });
          else if (one.kind === 'grow') partitions++;
          else {
            const player = players[one.who % players.length] as Player;
            if (one.kind === 'let go') letGo(player);
            else if (players.length > 1) players.splice(players.indexOf(player), 1);
          }
          round();
        }
        // Everybody lets go of what it was asked for, and the group joins once more.
        for (const player of players) letGo(player);
        round();
        const sizes = players.map(({ owned }) => owned.length);
        expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(partitions);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
        for (const player of players) expect(leaving.get(player.id)?.size).toBe(0);
      }),
    );
  });
});
