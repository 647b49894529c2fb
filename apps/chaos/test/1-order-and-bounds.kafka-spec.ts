import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { hasTestBrokers } from '@app/kafka-cluster';
import type { Concurrency, WorkerEngine } from '@kafka-worker/engine';
import { buildEngine, eventually } from '../src/index.js';
import { figures, setScene, type Scene } from './scene.js';

jest.setTimeout(120_000);

const RECORDS = 5000;
const LIMIT = 24;
const BUFFER = 300;
/** An inspection walks over everything unsettled: not at every handler. */
const INSPECT_EVERY = 20;

(hasTestBrokers() ? describe : describe.skip)(
  'order and bounds under random handler times, 5 % of attempts failing',
  () => {
    let scene: Scene;
    let engine: WorkerEngine;

    afterEach(async () => {
      await engine.drain();
      await scene.end();
    });

    it.each<[Concurrency, number]>([
      ['serial', 1],
      ['partition', LIMIT],
      ['key', LIMIT],
      ['unordered', LIMIT],
    ])('%s: 5,000 records, 0 violations', async (concurrency, limit) => {
      // Every tenth record has no key, which in `key` has no order to keep.
      const shape = (n: number) => ({ partition: n % 4, key: n % 10 === 0 ? null : `k${n % 97}` });
      scene = await setScene(`bounds-${concurrency}`, { partitions: 4, concurrency, shape });
      const { ledger, load } = scene;
      const options = scene.member('bounds', {
        worker: { concurrency, limit, buffer: { records: BUFFER } },
        retry: { attempts: 20, backoffMs: 3 },
        handler: { minMs: 0, maxMs: concurrency === 'serial' ? 1.5 : 12, failureRate: 0.05 },
      });
      let buffered = 0;
      let running = 0;
      let seen = 0;
      engine = buildEngine(options, (event) => {
        ledger.events.push({ member: 'bounds', pid: process.pid, ...event });
        if (event.type !== 'start' || seen++ % INSPECT_EVERY !== 0) return;
        const { groups, running: now } = engine.inspect();
        running = Math.max(running, now);
        for (const partition of groups[0]?.partitions ?? []) buffered = Math.max(buffered, partition.buffered);
      });

      await load.send(RECORDS);
      const startedAt = Date.now();
      await engine.start();
      await eventually('all records handled', () => ledger.open === 0, 90_000);
      const ms = Date.now() - startedAt;

      const found = ledger.check();
      const atOnce = found.atOnce['bounds'];
      figures(`1 ${concurrency}`, {
        records: found.produced,
        attempts: found.attempts,
        failed: found.failedAttempts,
        outOfOrder: found.outOfOrder.length,
        overlaps: found.overlaps.length,
        twice: found.handledTwice.length,
        lost: found.lost.length,
        atOnce,
        limit,
        bufferedPerPartition: buffered,
        budget: BUFFER,
        ms,
      });
      expect(found).toMatchObject({ lost: [], handledTwice: [], restarted: [], outOfOrder: [], overlaps: [] });
      expect(found.failedAttempts).toBeGreaterThan(RECORDS * 0.02);
      expect(atOnce).toBe(concurrency === 'partition' ? 4 : limit);
      expect(running).toBeLessThanOrEqual(limit);
      expect(buffered).toBeLessThanOrEqual(BUFFER);
      // The bound was met, so that it was a bound.
      expect(buffered).toBeGreaterThan(BUFFER / 2);
    });
  },
);
