import { describe, expect, it } from '@jest/globals';
import { Ledger } from '../../src/ledger/ledger.js';
import type { WorkEntry } from '../../src/ledger/work-entry.js';

const RULES = { orders: 'key', payments: 'partition', notifications: 'unordered' } as const;

/** The customer's order number `seq`, at the offset `seq - 1` unless said otherwise. */
function order(kind: WorkEntry['kind'], seq: number, more: Partial<WorkEntry> = {}): WorkEntry {
  return { kind, topic: 'orders', partition: 0, offset: seq - 1, key: 'c-01', orderId: seq, seq, ...more };
}

function handle(ledger: Ledger, member: number, entry: WorkEntry): void {
  ledger.enter(member, { ...entry, kind: 'start' });
  ledger.enter(member, { ...entry, kind: 'done' });
}

const ends = (committed: number, end: number) => (topic: string) =>
  topic === 'orders' ? [{ partition: 0, committed, end }] : [];

describe('Ledger', () => {
  it('finds nothing wrong where every record follows the one before', () => {
    const ledger = new Ledger(RULES);
    for (const seq of [1, 2, 3]) handle(ledger, 1, order('start', seq));
    const verdict = ledger.verdict(ends(3, 3), undefined);
    expect(verdict).toMatchObject({ ok: true, violations: 0, lost: 0, again: 0, findings: [] });
    expect(verdict.topics[0]).toMatchObject({ produced: 3, finished: 3, committed: 3, left: 0, ahead: 0 });
  });

  it('sees two records of one key at once', () => {
    const ledger = new Ledger(RULES);
    ledger.enter(1, order('start', 1));
    ledger.enter(1, order('start', 2));
    expect(ledger.violations).toBe(1);
    expect(ledger.verdict(ends(0, 2), undefined)).toMatchObject({
      ok: false,
      findings: ['orders/0@1, customer c-01: number 2 started while number 1 was running'],
    });
  });

  it('sees a record that overtakes, also after a failed attempt of the one before', () => {
    const ledger = new Ledger(RULES);
    ledger.enter(1, order('start', 1));
    ledger.enter(1, order('failed', 1));
    ledger.enter(1, order('start', 2));
    expect(ledger.violations).toBe(1);
    expect(ledger.failedAttempts).toBe(1);
  });

  it('lets different keys run side by side, and everything in an unordered topic', () => {
    const ledger = new Ledger(RULES);
    ledger.enter(1, order('start', 1));
    ledger.enter(1, order('start', 1, { key: 'c-02', offset: 1 }));
    ledger.enter(1, order('start', 5, { topic: 'notifications' }));
    ledger.enter(1, order('start', 4, { topic: 'notifications' }));
    expect(ledger.violations).toBe(0);
  });

  it('holds a partition-ordered topic to its offsets, whatever the keys', () => {
    const ledger = new Ledger(RULES);
    handle(ledger, 1, order('start', 9, { topic: 'payments', offset: 0, key: 'c-07' }));
    handle(ledger, 1, order('start', 3, { topic: 'payments', offset: 1, key: 'c-08' }));
    expect(ledger.violations).toBe(0);
    handle(ledger, 1, order('start', 4, { topic: 'payments', offset: 3, key: 'c-08' }));
    expect(ledger.violations).toBe(1);
  });

  it('calls what is committed and was never finished lost, and what is not committed left', () => {
    const ledger = new Ledger(RULES);
    handle(ledger, 1, order('start', 1));
    handle(ledger, 1, order('start', 1, { key: 'c-02', offset: 2 }));
    expect(ledger.verdict(ends(1, 4), undefined).topics[0]).toMatchObject({ lost: 0, left: 2, ahead: 1 });
    const verdict = ledger.verdict(ends(3, 4), undefined);
    expect(verdict.ok).toBe(false);
    expect(verdict.topics[0]).toMatchObject({ lost: 1, left: 1, ahead: 0 });
  });

  it('does not excuse a repetition while nobody has died', () => {
    const ledger = new Ledger(RULES);
    handle(ledger, 1, order('start', 1));
    handle(ledger, 1, order('start', 1));
    expect(ledger.verdict(ends(1, 1), undefined)).toMatchObject({ ok: false, again: 1, unexplained: 1 });
  });

  it('excuses repetitions after a death, if they come in order, too', () => {
    const ledger = new Ledger(RULES);
    for (const seq of [1, 2, 3]) handle(ledger, 1, order('start', seq));
    ledger.enter(1, order('start', 4));
    ledger.memberGone(1);
    for (const seq of [2, 3, 4]) handle(ledger, 2, order('start', seq));
    expect(ledger.verdict(ends(4, 4), undefined)).toMatchObject({ ok: true, again: 2, unexplained: 0 });
    handle(ledger, 2, order('start', 2));
    handle(ledger, 2, order('start', 4));
    expect(ledger.violations).toBe(1);
  });

  it('hears no more of a member that is gone', () => {
    const ledger = new Ledger(RULES);
    ledger.memberGone(1);
    handle(ledger, 1, order('start', 1));
    expect(ledger.finished).toBe(0);
  });

  it('misses orders that did not get through every topic', () => {
    const ledger = new Ledger({ orders: 'key', payments: 'partition' });
    for (const seq of [1, 2]) handle(ledger, 1, order('start', seq));
    handle(ledger, 1, order('start', 1, { topic: 'payments' }));
    expect(ledger.verdict(() => [], 2)).toMatchObject({ ok: false, incomplete: 1 });
    expect(ledger.verdict(() => [], undefined)).toMatchObject({ ok: true, incomplete: 0 });
  });
});
