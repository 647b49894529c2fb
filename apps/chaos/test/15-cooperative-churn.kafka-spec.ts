import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { hasTestBrokers } from '@app/kafka-cluster';
import { PROTOCOL_NAMES } from '@kafka-worker/kafkajs';
import { eventually, gapsOf, pause, type MemberProcess } from '../src/index.js';
import { figures, setScene, type Scene } from './scene.js';

jest.setTimeout(180_000);

const CHURN_MS = 60_000;
const PARTITIONS = 6;
/** Records a second, one partition after the other: each gets one every 50 ms. */
const RATE = PARTITIONS * 20;
/** The documented default, said here because the test is about it. */
const HEARTBEAT_MS = 500;
/** The driver's default `maxWaitTimeInMs`. */
const FETCH_WAIT_MS = 100;
/** Members beside the first. */
const GUESTS = 3;

/**
 * Every member tells each batch that its driver hands to the engine, and the load when each record was acknowledged. A
 * gap is the time from one batch of a partition to the next one to the same process, counted from when there was a record
 * to hand over, while the partition stays there: it was not asked for in between, and not lost.
 *
 * A member that has heard of a rebalance reads nothing until all others have, too: one heartbeat interval. Two fetch
 * waits come on top, since kafkajs sends heartbeats between fetches only: that of the slowest other member before it
 * asks, and the member's own before it joins.
 */
const LONGEST_GAP_MS = HEARTBEAT_MS + 2 * FETCH_WAIT_MS;

(hasTestBrokers() ? describe : describe.skip)('members that come and go for 60 s in a cooperative group', () => {
  let scene: Scene;

  afterEach(() => scene.end());

  it('loses nothing, handles nothing twice, and never pauses what stays for longer than a heartbeat', async () => {
    scene = await setScene('cooperative', {
      partitions: PARTITIONS,
      concurrency: 'unordered',
      shape: (n) => ({ partition: n % PARTITIONS }),
    });
    const { load, ledger, supervisor, view } = scene;
    const start = (id: string): MemberProcess =>
      supervisor.start(
        scene.member(id, {
          watched: true,
          heartbeatMs: HEARTBEAT_MS,
          worker: { concurrency: 'unordered', limit: 500, commit: { intervalMs: 500 } },
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
    load.steady(RATE);
    const exits: Promise<number | NodeJS.Signals>[] = [];
    const guests: MemberProcess[] = [];
    let joins = 0;
    const join = async (): Promise<void> => {
      const guest = start(`guest-${++joins}`);
      guests.push(guest);
      await guest.assigned();
    };
    const leave = (): void => {
      const [guest] = guests.splice(Math.floor(Math.random() * guests.length), 1);
      if (guest) exits.push(guest.terminate());
    };
    for (const until = Date.now() + CHURN_MS; Date.now() < until;) {
      if (guests.length < GUESTS && (guests.length === 0 || Math.random() < 0.5)) await join();
      else leave();
      await pause(Math.random() * 2500); // how long it stays so is the scenario
    }
    const protocol = await view.protocol(scene.groupId);
    while (guests.length > 0) leave();
    await load.end();
    await eventually('all records handled', () => ledger.open === 0);
    exits.push(first.terminate());
    const codes = await Promise.all(exits);

    const found = ledger.check();
    const gaps = gapsOf(ledger).sort((a, b) => b.ms - a.ms);
    const inRebalance = gaps.filter((gap) => gap.inRebalance);
    const rebalances = supervisor.members.flatMap((member) => member.told('group.rebalanced'));
    figures('15 cooperative churn 60 s', {
      records: found.produced,
      joins,
      leaves: exits.length,
      rebalances: rebalances.length,
      kept: rebalances.reduce((sum, { kept }) => sum + kept.length, 0),
      moved: rebalances.reduce((sum, { assigned }) => sum + assigned.length, 0),
      lost: found.lost.length,
      twice: found.handledTwice.length,
      restarted: found.restarted.length,
      gapsInRebalances: inRebalance.length,
      medianGapInRebalanceMs: Math.round(inRebalance[Math.floor(inRebalance.length / 2)]?.ms ?? 0),
      longestGapsMs: gaps
        .slice(0, 8)
        .map(({ ms, member, inRebalance }) => `${Math.round(ms)} ${member} ${inRebalance}`),
      groupLost: supervisor.members.flatMap((member) => member.told('group.lost')).length,
    });
    expect(joins).toBeGreaterThanOrEqual(5);
    expect(protocol === '' || protocol === PROTOCOL_NAMES.cooperative).toBe(true);
    expect(codes.filter((code) => code !== 0)).toEqual([]);
    expect(load.failed).toBe(0);
    expect(found).toMatchObject({ lost: [], handledTwice: [], restarted: [] });
    expect(inRebalance.length).toBeGreaterThan(20);
    expect(gaps.filter(({ ms }) => ms > LONGEST_GAP_MS)).toEqual([]);
  });
});
