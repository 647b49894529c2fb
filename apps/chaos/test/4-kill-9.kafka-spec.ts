import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { hasTestBrokers } from '@app/kafka-cluster';
import { eventually, nameOf } from '../src/index.js';
import { figures, setScene, type Scene } from './scene.js';

jest.setTimeout(90_000);

const RECORDS = 1000;
const HEAD = 3;

(hasTestBrokers() ? describe : describe.skip)('kill -9', () => {
  let scene: Scene;

  afterEach(() => scene.end());

  it('repeats exactly what the last commit does not name, and nothing that is done above its frontier', async () => {
    // One slow record near the start holds the frontier while hundreds are finished above it.
    const shape = (n: number) => ({ partition: 0, key: `k${n % 100}`, ...(n === HEAD ? { slow: true } : {}) });
    scene = await setScene('kill', { partitions: 1, concurrency: 'unordered', shape });
    const { load, ledger, supervisor, view, groupId, topic } = scene;
    const engine = { sessionTimeoutMs: 2000, rebalanceTimeoutMs: 10_000 };
    const worker = { concurrency: 'unordered', limit: 16, commit: { intervalMs: 700, records: 10_000 } } as const;
    await load.send(RECORDS);
    const killed = supervisor.start(
      scene.member('killed', { engine, worker, handler: { minMs: 5, maxMs: 100, slowMs: 120_000 } }),
    );
    await eventually('300 done and a map committed', async () => {
      const at = (await view.committed(groupId, topic)).get(0);
      return killed.finished.length >= 300 && at !== undefined && at.done.length > 0;
    });
    expect(await killed.kill()).toBe('SIGKILL');

    const committed = (await view.committed(groupId, topic)).get(0) ?? { offset: -1, metadata: '', done: [] };
    const named = new Set(committed.done);
    const expected = ledger.produced.filter(({ offset }) => offset >= committed.offset && !named.has(offset));
    const doneByKilled = new Set(killed.finished);
    const takenOverAt = Date.now();
    const next = supervisor.start(
      scene.member('next', { engine, worker, handler: { minMs: 0, maxMs: 5, slowMs: 10 } }),
    );
    await eventually('the rest handled', () => ledger.open === 0 && next.running === 0);
    const takeOverMs = Date.now() - takenOverAt;
    await next.terminate();

    const repeated = next.begun.filter((name) => doneByKilled.has(name));
    const settledAtCommit = ledger.produced.filter(
      (record) => record.offset < committed.offset || named.has(record.offset),
    );
    figures('4 kill -9', {
      records: RECORDS,
      doneByKilled: doneByKilled.size,
      committedOffset: committed.offset,
      doneAboveInMap: committed.done.length,
      mapChars: committed.metadata.length,
      expectedByNext: expected.length,
      handledByNext: next.begun.length,
      doneAfterLastCommitAndRepeated: repeated.length,
      takeOverMs,
    });
    expect(committed.offset).toBe(HEAD);
    expect(committed.done.length).toBeGreaterThan(100);
    // The map names only what was really done …
    expect(settledAtCommit.map(nameOf).filter((name) => !doneByKilled.has(name))).toEqual([]);
    // … and the next member begins everything else, once, and nothing more.
    expect([...next.begun].sort()).toEqual(expected.map(nameOf).sort());
    expect(next.finished.length).toBe(expected.length);
    expect(ledger.check().lost).toEqual([]);
  });
});
