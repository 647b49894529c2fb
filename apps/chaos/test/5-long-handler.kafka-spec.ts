import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { hasTestBrokers } from '@app/kafka-cluster';
import { eventually } from '../src/index.js';
import { figures, setScene, type Scene } from './scene.js';

jest.setTimeout(60_000);

const SESSION_MS = 2000;
const HANDLER_MS = 5 * SESSION_MS;

(hasTestBrokers() ? describe : describe.skip)('a handler that runs five session timeouts long', () => {
  let scene: Scene;

  afterEach(() => scene.end());

  it('causes no rebalance and no redelivery, and its neighbours go on', async () => {
    const shape = (n: number) => ({ partition: n % 2, key: `k${n % 20}`, ...(n === 0 ? { slow: true } : {}) });
    scene = await setScene('long', { partitions: 2, concurrency: 'key', shape });
    const { load, ledger, supervisor, view, groupId } = scene;
    await load.send(40);
    const member = supervisor.start(
      scene.member('long', {
        worker: { concurrency: 'key', limit: 8 },
        engine: { sessionTimeoutMs: SESSION_MS, rebalanceTimeoutMs: 10_000 },
        handler: { minMs: 5, maxMs: 50, slowMs: HANDLER_MS },
      }),
    );
    await eventually('the long handler running', () => member.begun.includes('0/0'));
    const before = await view.group(groupId);
    load.steady(20);
    await eventually('the long handler done', () => member.finished.includes('0/0'), HANDLER_MS + 10_000);
    await load.end();
    await eventually('all records handled', () => ledger.open === 0);
    const after = await view.group(groupId);
    const rebalances = member.told('group.rebalanced').length;
    const lost = member.told('group.lost').length;
    await member.terminate();

    const found = ledger.check();
    figures('5 handler of five session timeouts', {
      sessionMs: SESSION_MS,
      handlerMs: HANDLER_MS,
      records: found.produced,
      joins: rebalances,
      lostMemberships: lost,
      restarted: found.restarted.length,
      twice: found.handledTwice.length,
      outOfOrder: found.outOfOrder.length,
    });
    expect(after).toEqual({ ...before, state: 'Stable' });
    expect(rebalances).toBe(1);
    expect(lost).toBe(0);
    expect(found).toMatchObject({ lost: [], handledTwice: [], restarted: [], outOfOrder: [], overlaps: [] });
  });
});
