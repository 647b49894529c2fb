import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { hasTestBrokers } from '@app/kafka-cluster';
import { eventually, pause, type MemberProcess } from '../src/index.js';
import { figures, keys, setScene, type Scene } from './scene.js';

jest.setTimeout(150_000);

const CHURN_MS = 60_000;
const LIMIT = 40;

(hasTestBrokers() ? describe : describe.skip)('a second member that joins and leaves for 60 s under load', () => {
  let scene: Scene;

  afterEach(() => scene.end());

  it('loses nothing and handles nothing twice', async () => {
    scene = await setScene('churn', { partitions: 4, concurrency: 'key', shape: keys(500) });
    const { load, ledger, supervisor } = scene;
    const start = (id: string): MemberProcess =>
      supervisor.start(
        scene.member(id, {
          assignment: 'round-robin', // every join drains everything; the other way is row 15
          worker: { concurrency: 'key', limit: LIMIT, commit: { intervalMs: 500 } },
          engine: {
            sessionTimeoutMs: 6000,
            rebalanceTimeoutMs: 15_000,
            rebalance: { timeoutMs: 8000 },
            shutdown: { graceMs: 8000, forceMs: 1000 },
          },
          handler: { minMs: 100, maxMs: 1800 },
        }),
      );

    const first = start('first');
    await first.assigned();
    load.steady(25);
    const exits: (number | NodeJS.Signals)[] = [];
    let joins = 0;
    for (const until = Date.now() + CHURN_MS; Date.now() < until;) {
      const other = start(`guest-${++joins}`);
      await other.assigned();
      await pause(Math.random() * 2500); // how long it stays is the scenario
      exits.push(await other.terminate());
      await pause(Math.random() * 1000);
    }
    await load.end();
    await eventually('all records handled', () => ledger.open === 0);
    exits.push(await first.terminate());

    const found = ledger.check();
    const rebalances = first.told('group.rebalanced');
    const outcomes = first.told('drain.finished').map(({ outcome }) => outcome);
    figures('3 churn 60 s', {
      records: found.produced,
      joinsAndLeaves: joins,
      byFirst: first.finished.length,
      lost: found.lost.length,
      twice: found.handledTwice.length,
      restarted: found.restarted.length,
      outOfOrder: found.outOfOrder.length,
      overlaps: found.overlaps.length,
      longestRebalanceMs: Math.max(...rebalances.map(({ durationMs }) => durationMs)),
      drainsTimedOut: outcomes.filter((outcome) => outcome === 'timeout').length,
    });
    expect(joins).toBeGreaterThanOrEqual(5);
    expect(exits.every((code) => code === 0)).toBe(true);
    expect(load.failed).toBe(0);
    expect(found).toMatchObject({ lost: [], handledTwice: [], restarted: [], outOfOrder: [], overlaps: [] });
    expect(Math.max(...Object.values(found.atOnce))).toBeLessThanOrEqual(LIMIT);
  });
});
