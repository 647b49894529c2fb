import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { hasTestBrokers } from '@app/kafka-cluster';
import { eventually } from '../src/index.js';
import { figures, keys, setScene, type Scene } from './scene.js';

jest.setTimeout(90_000);

const RECORDS = 300;

(hasTestBrokers() ? describe : describe.skip)('SIGTERM with handlers running', () => {
  let scene: Scene;

  afterEach(() => scene.end());

  it('lets them finish, commits them, leaves the group; the next member repeats nothing', async () => {
    scene = await setScene('sigterm', { partitions: 4, concurrency: 'key', shape: keys(60) });
    const { load, ledger, supervisor, view, groupId, topic } = scene;
    const worker = { concurrency: 'key', limit: 20 } as const;
    await load.send(RECORDS);
    const first = supervisor.start(scene.member('first', { worker, handler: { minMs: 200, maxMs: 1500 } }));
    await eventually('20 handlers running, 60 done', () => first.running === 20 && first.finished.length >= 60);

    const running = first.running;
    const signalledAt = Date.now();
    const code = await first.terminate();
    const drainMs = Date.now() - signalledAt;
    const left = await view.group(groupId);
    const committed = await view.committed(groupId, topic);
    const done = new Set(first.finished);
    const settledByCommit = ledger.produced.filter(({ partition, offset }) => {
      const at = committed.get(partition);
      return at !== undefined && (offset < at.offset || at.done.includes(offset));
    });

    const second = supervisor.start(scene.member('second', { worker, handler: { minMs: 0, maxMs: 5 } }));
    await eventually('the rest handled', () => ledger.open === 0);
    await second.terminate();
    const found = ledger.check();
    figures('2 SIGTERM', {
      runningAtSignal: running,
      doneByFirst: done.size,
      committed: settledByCommit.length,
      drainMs,
      exit: code,
      group: left.state,
      redelivered: found.restarted.length,
      lost: found.lost.length,
    });

    expect(code).toBe(0);
    // Begun is finished: nothing was cut off.
    expect(first.finished.length).toBe(first.begun.length);
    expect(settledByCommit.map(({ partition, offset }) => `${partition}/${offset}`).sort()).toEqual([...done].sort());
    expect(left).toEqual({ state: 'Empty', members: [] });
    expect(found).toMatchObject({ lost: [], handledTwice: [], restarted: [], outOfOrder: [], overlaps: [] });
  });
});
