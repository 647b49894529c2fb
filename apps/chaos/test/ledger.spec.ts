import { describe, expect, it } from '@jest/globals';
import { Ledger, type MemberEvent } from '../src/index.js';

type Step = readonly [member: string, what: 'start' | 'done' | 'failed' | 'exited', offset?: number, attempt?: number];

/** Three records of one key and one of another, all in partition 0, and what happened to them in this order. */
function played(concurrency: Ledger['concurrency'], ...steps: readonly Step[]): ReturnType<Ledger['check']> {
  const ledger = new Ledger(concurrency);
  const keyOf = (offset: number): string => (offset === 3 ? 'b' : 'a');
  for (const offset of [0, 1, 2, 3]) ledger.produced.push({ partition: 0, offset, key: keyOf(offset) });
  const events = steps.map(([member, what, offset = -1, attempt = 1], at): MemberEvent => {
    const by = { member, pid: member.charCodeAt(0), at };
    if (what === 'exited') return { ...by, type: 'exited' };
    const of = { partition: 0, offset, key: keyOf(offset), attempt };
    return what === 'start' ? { ...by, ...of, type: 'start' } : { ...by, ...of, type: 'end', outcome: what };
  });
  ledger.events.push(...events.reverse()); // they may arrive in any order
  return ledger.check();
}

describe('the ledger', () => {
  it('finds nothing in a run as it should be, retries and other keys between them', () => {
    const found = played(
      'key',
      ['m', 'start', 0],
      ['m', 'start', 3],
      ['m', 'failed', 0],
      ['m', 'done', 3],
      ['m', 'start', 0, 2],
      ['m', 'done', 0, 2],
      ['m', 'start', 1],
      ['m', 'done', 1],
      ['m', 'start', 2],
      ['m', 'done', 2],
    );
    expect(found).toEqual({
      produced: 4,
      attempts: 5,
      failedAttempts: 1,
      lost: [],
      handledTwice: [],
      restarted: [],
      outOfOrder: [],
      overlaps: [],
      atOnce: { m: 2 },
    });
  });

  it('sees what was never finished', () => {
    expect(played('key', ['m', 'start', 0], ['m', 'failed', 0]).lost).toEqual(['0/0', '0/1', '0/2', '0/3']);
  });

  it('sees a record that passes one of its key which waits for its next attempt', () => {
    const steps: readonly Step[] = [
      ['m', 'start', 0],
      ['m', 'failed', 0],
      ['m', 'start', 1],
    ];
    expect(played('key', ...steps).outOfOrder).toEqual(['0/1']);
    expect(played('partition', ...steps).outOfOrder).toEqual(['0/1']);
    expect(played('unordered', ...steps).outOfOrder).toEqual([]);
  });

  it('sees two handlers in one lane, also of two members', () => {
    expect(played('key', ['m', 'start', 0], ['m', 'start', 1]).overlaps).toEqual(['0/1']);
    expect(played('key', ['m', 'start', 0], ['n', 'start', 0]).overlaps).toEqual(['0/0']);
    expect(played('key', ['m', 'start', 0], ['m', 'start', 3]).overlaps).toEqual([]);
    expect(played('partition', ['m', 'start', 0], ['m', 'start', 3]).overlaps).toEqual(['0/3']);
    expect(played('serial', ['m', 'start', 0], ['m', 'start', 3]).overlaps).toEqual(['0/3']);
  });

  it('sees what is begun and what is finished a second time, and forgets the handlers of a member that died', () => {
    const found = played(
      'key',
      ['m', 'start', 0],
      ['m', 'done', 0],
      ['m', 'start', 1],
      ['m', 'exited'],
      ['n', 'start', 0],
      ['n', 'done', 0],
      ['n', 'start', 1],
    );
    expect(found).toMatchObject({ handledTwice: ['0/0'], restarted: ['0/0', '0/1'], overlaps: [], outOfOrder: [] });
  });

  it('counts the handlers at once of each member', () => {
    const found = played('unordered', ['m', 'start', 0], ['n', 'start', 1], ['m', 'start', 2], ['m', 'done', 2]);
    expect(found.atOnce).toEqual({ m: 2, n: 1 });
  });
});
