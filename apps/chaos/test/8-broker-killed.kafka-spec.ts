import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { canStartCluster, startCluster, type KafkaCluster } from '@app/kafka-cluster';
import { eventually, now, pause } from '../src/index.js';
import { figures, keys, setScene } from './scene.js';

jest.setTimeout(180_000);

const AWAY_MS = 5000;
const SESSION_MS = 6000;

((await canStartCluster()) ? describe : describe.skip)('the only broker killed and started again', () => {
  let cluster: KafkaCluster;

  beforeAll(async () => {
    cluster = await startCluster({ heapMb: 384 });
  });

  afterAll(() => cluster.stop());

  it('a member says so, recovers by itself and loses nothing', async () => {
    const brokers = cluster.bootstrap;
    const scene = await setScene('outage', { partitions: 4, concurrency: 'key', shape: keys(200), brokers });
    const { load, ledger, supervisor, groupId } = scene;
    const member = supervisor.start(
      scene.member('member', {
        worker: { concurrency: 'key', limit: 30, commit: { intervalMs: 500 } },
        engine: { sessionTimeoutMs: SESSION_MS, rebalanceTimeoutMs: 10_000 },
        handler: { minMs: 50, maxMs: 600 },
      }),
    );
    await member.assigned();
    load.steady(20);
    await eventually('40 records handled', () => member.finished.length >= 40);

    const killedAt = now();
    await cluster.kill(1);
    await pause(AWAY_MS);
    await cluster.restart(1);
    const backAt = now();
    const finishedBefore = member.finished.length;
    await eventually('records handled again', () => member.finished.length > finishedBefore, 60_000);
    const recoveredAt = now();
    await load.end();
    await eventually('all acknowledged records handled', () => ledger.open === 0, 60_000);
    await eventually('joined again', () => member.told('group.state').at(-1)?.state === 'joined', 60_000);
    const group = await scene.view.group(groupId);
    const told = member.told('group.state').filter(({ at }) => at > killedAt);
    const code = await member.terminate();

    const states = told.map(({ state, at }) => `${state}+${Math.round(at - killedAt)}ms`);
    const failedCommits = member.told('commit.failed').filter(({ at }) => at > killedAt);
    const firstSign = Math.min(...[...told, ...failedCommits].map(({ at }) => at)) - killedAt;
    const found = ledger.check();
    figures('8 broker killed for 5 s', {
      states,
      failedCommits: failedCommits.length,
      firstSignAfterMs: Math.round(firstSign),
      brokerBackAfterMs: Math.round(backAt - killedAt),
      handlingAgainAfterMs: Math.round(recoveredAt - killedAt),
      records: found.produced,
      failedSends: load.failed,
      lost: found.lost.length,
      restarted: found.restarted.length,
      twice: found.handledTwice.length,
      outOfOrder: found.outOfOrder.length,
    });
    await scene.end();
    expect(code).toBe(0);
    expect(group).toMatchObject({ state: 'Stable' });
    expect(found.lost).toEqual([]);
    // Not silent: a member without a broker does not call itself joined for as long as its session lasts.
    expect(firstSign).toBeLessThan(SESSION_MS);
    // What it says in between is the driver's: that it looks for a broker, or that it crashed and starts again.
    const names = told.map(({ state }) => state);
    expect(names[0]).not.toBe('joined');
    expect(names.at(-1)).toBe('joined');
  });
});
