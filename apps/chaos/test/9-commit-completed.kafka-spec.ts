import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { hasTestBrokers } from '@app/kafka-cluster';
import { eventually, now } from '../src/index.js';
import { figures, setScene, type Scene } from './scene.js';

jest.setTimeout(60_000);

const SLOW = 8;
const SLOW_MS = 10_000;
const RECORDS = 200;

(hasTestBrokers() ? describe : describe.skip)('strategy commit-completed', () => {
  let scene: Scene;

  afterEach(() => scene.end());

  it('hands over at once: what is settled is not repeated, what runs is told and may be', async () => {
    const shape = (n: number) => ({ partition: n % 2, key: `k${n}`, ...(n < SLOW ? { slow: true } : {}) });
    scene = await setScene('completed', { partitions: 2, concurrency: 'key', shape });
    const { load, ledger, supervisor } = scene;
    // Every join asks for everything: cooperatively only what runs in the partition that moves would be aborted.
    const assignment = 'round-robin';
    const engine = {
      sessionTimeoutMs: 6000,
      rebalanceTimeoutMs: 30_000,
      rebalance: { strategy: 'commit-completed' },
    } as const;
    // No commit by itself: only the hand-over can have committed what was settled.
    const worker = { concurrency: 'key', limit: 16, commit: { intervalMs: 600_000, records: 10_000 } } as const;
    const slow = { minMs: 0, maxMs: 20, slowMs: SLOW_MS, heedsSignal: true };
    await load.send(RECORDS);
    const first = supervisor.start(scene.member('first', { assignment, worker, engine, handler: slow }));
    await eventually('all done but the slow ones', () => {
      return first.finished.length === RECORDS - SLOW && first.running === SLOW;
    });
    const running = new Set(first.begun.filter((name) => !first.finished.includes(name)));
    const settled = new Set(first.finished);

    const joiningAt = now();
    const second = supervisor.start(
      scene.member('second', { assignment, worker, engine, handler: { minMs: 0, maxMs: 20 } }),
    );
    await second.assigned();
    const handOverMs = now() - joiningAt;
    await eventually('all records handled', () => ledger.open === 0, SLOW_MS + 10_000);
    const drain = first.told('drain.finished')[0];
    const aborted = first.events.flatMap((event) => (event.type === 'aborted' ? [event] : []));
    await Promise.all([first.terminate(), second.terminate()]);

    const found = ledger.check();
    figures('9 commit-completed', {
      settledBefore: settled.size,
      runningAtHandOver: running.size,
      handlerMs: SLOW_MS,
      drain: drain?.outcome,
      drainMs: drain?.durationMs,
      handOverMs: Math.round(handOverMs),
      signalsAborted: aborted.length,
      restarted: found.restarted.length,
      ofThemSettledBefore: found.restarted.filter((name) => settled.has(name)).length,
      twice: found.handledTwice.length,
      lost: found.lost.length,
    });
    expect(drain).toMatchObject({ outcome: 'completed', left: SLOW });
    expect(drain?.durationMs).toBeLessThan(1000);
    expect(handOverMs).toBeLessThan(SLOW_MS / 2);
    expect(aborted.map(({ partition, offset }) => `${partition}/${offset}`).sort()).toEqual([...running].sort());
    expect(aborted.every(({ cause }) => cause === 'rebalance')).toBe(true);
    expect(found.restarted.filter((name) => !running.has(name))).toEqual([]);
    expect(found).toMatchObject({ lost: [], handledTwice: [] });
  });
});
