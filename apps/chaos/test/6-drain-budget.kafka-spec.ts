import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { hasTestBrokers } from '@app/kafka-cluster';
import { eventually, now } from '../src/index.js';
import { figures, setScene, type Scene } from './scene.js';

jest.setTimeout(90_000);

const BUDGET_MS = 1500;
const REBALANCE_MS = 6000;
const SLOW_MS = 7000;
const RECORDS = 60;

(hasTestBrokers() ? describe : describe.skip)('a handler that outlives the drain budget', () => {
  let scene: Scene;

  afterEach(() => scene.end());

  it('does not hold the hand-over up, and its late result commits nothing', async () => {
    // The first record of each of the two partitions is slow, the others are done above it.
    const shape = (n: number) => ({ partition: n % 2, key: `k${n}`, ...(n < 2 ? { slow: true } : {}) });
    scene = await setScene('budget', { partitions: 2, concurrency: 'key', shape });
    const { load, ledger, supervisor, view, groupId, topic } = scene;
    // Every join drains everything: cooperatively only the one that moves would be waited for.
    const assignment = 'round-robin';
    const worker = { concurrency: 'key', limit: 16, commit: { intervalMs: 200 } } as const;
    const engine = {
      sessionTimeoutMs: 6000,
      rebalanceTimeoutMs: REBALANCE_MS,
      rebalance: { timeoutMs: BUDGET_MS },
    };
    await load.send(RECORDS);
    const first = supervisor.start(
      scene.member('first', { assignment, worker, engine, handler: { minMs: 0, maxMs: 20, slowMs: SLOW_MS } }),
    );
    await eventually('all done but the slow ones', () => first.finished.length === RECORDS - 2 && first.running === 2);

    // The second member's own attempt ends only after the late result of the first.
    const joiningAt = now();
    const second = supervisor.start(
      scene.member('second', { assignment, worker, engine, handler: { minMs: 0, maxMs: 20, slowMs: SLOW_MS + 3000 } }),
    );
    await second.assigned();
    const handOverMs = now() - joiningAt;
    const moved = second.told('group.rebalanced').flatMap(({ assigned }) => assigned.map(({ partition }) => partition));
    const partition = moved[0] as number;
    const slow = `${partition}/0`;
    await eventually('the slow record begun anew by its new owner', () => second.begun.includes(slow));

    await eventually('the late result', () => first.told('record.late').length > 0);
    const lateAt = first.told('record.late')[0]?.at as number;
    await load.send(10); // something for the first member to commit, in what it has kept
    await eventually('a commit of the first member after its late result', () =>
      first.told('commit.succeeded').some(({ at }) => at > lateAt),
    );
    const afterLate = (await view.committed(groupId, topic)).get(partition);
    const newOwnerStillAtIt = !second.finished.includes(slow);

    await eventually('all records handled', () => ledger.open === 0 && second.finished.includes(slow));
    const end = Math.max(...ledger.produced.filter((r) => r.partition === partition).map((r) => r.offset)) + 1;
    await eventually("the new owner's commit", async () => {
      return (await view.committed(groupId, topic)).get(partition)?.offset === end;
    });
    const drain = first.told('drain.finished')[0];
    const lates = first.told('record.late').map((late) => `${late.partition}/${late.offset}`);
    const aborted = first.events.flatMap((event) => (event.type === 'aborted' ? [event.cause] : []));
    const lost = first.told('group.lost').length;
    await Promise.all([first.terminate(), second.terminate()]);

    const found = ledger.check();
    figures('6 handler outlives the drain budget', {
      budgetMs: BUDGET_MS,
      handlerMs: SLOW_MS,
      drain: drain?.outcome,
      drainMs: drain?.durationMs,
      left: drain?.left,
      handOverMs: Math.round(handOverMs),
      late: lates,
      committedAfterLate: afterLate?.offset,
      committedAtEnd: end,
      restarted: found.restarted,
      twice: found.handledTwice,
      lost: found.lost.length,
    });
    expect(moved).toHaveLength(1);
    expect(drain).toMatchObject({ outcome: 'timeout', left: 2 });
    expect(drain?.durationMs).toBeLessThan(BUDGET_MS + 500);
    // Before the broker would have put the first member out.
    expect(handOverMs).toBeLessThan(REBALANCE_MS);
    expect(lost).toBe(0);
    expect(lates).toEqual([slow]);
    expect(aborted).toEqual(['rebalance']);
    expect(newOwnerStillAtIt).toBe(true);
    expect(afterLate?.offset).toBe(0);
    expect(afterLate?.done).not.toContain(0);
    expect(afterLate?.done.length).toBeGreaterThanOrEqual(RECORDS / 2 - 1);
    // Only the moved one; the slow record of the kept partition ran on and counted.
    expect(found).toMatchObject({ lost: [], restarted: [slow], handledTwice: [slow] });
  });
});
