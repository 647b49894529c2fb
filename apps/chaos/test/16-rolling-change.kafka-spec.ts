import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { hasTestBrokers } from '@app/kafka-cluster';
import { PROTOCOL_NAMES } from '@kafka-worker/kafkajs';
import { eventually, type MemberOptions, type MemberProcess } from '../src/index.js';
import { figures, keys, setScene, type Scene } from './scene.js';

jest.setTimeout(180_000);

const MEMBERS = 3;
const PARTITIONS = 6;

/** How a fleet is made: `undefined` is the driver's default. */
type Assignment = MemberOptions['assignment'];

(hasTestBrokers() ? describe : describe.skip)('a fleet that is replaced one by one', () => {
  let scene: Scene;

  afterEach(() => scene.end());

  it.each<[string, Assignment, Assignment, string, string]>([
    ['to the cooperative strategy', 'round-robin', undefined, 'RoundRobinAssigner', PROTOCOL_NAMES.cooperative],
    ['back to round robin', undefined, 'round-robin', PROTOCOL_NAMES.cooperative, 'RoundRobinAssigner'],
    ['to range over a list of both', 'sticky', ['range', 'sticky'], PROTOCOL_NAMES.sticky, 'range'],
  ])('%s loses nothing and handles nothing twice', async (what, before, after, protocolBefore, protocolAfter) => {
    scene = await setScene('rolling', { partitions: PARTITIONS, concurrency: 'key', shape: keys(300) });
    const { load, ledger, supervisor, view, groupId } = scene;
    const start = (id: string, assignment: Assignment): MemberProcess =>
      supervisor.start(
        scene.member(id, {
          ...(assignment && { assignment }),
          worker: { concurrency: 'key', limit: 60, commit: { intervalMs: 500 } },
          engine: {
            sessionTimeoutMs: 6000,
            rebalanceTimeoutMs: 15_000,
            rebalance: { timeoutMs: 8000 },
            shutdown: { graceMs: 8000, forceMs: 1000 },
          },
          handler: { minMs: 100, maxMs: 1200 },
        }),
      );
    const protocols: string[] = [];
    const settled = async (): Promise<void> => {
      await eventually('the group is stable', async () => {
        const { state, members } = await view.group(groupId);
        return state === 'Stable' && members.length === MEMBERS;
      });
      const protocol = await view.protocol(groupId);
      if (protocol !== '') protocols.push(protocol);
    };

    const fleet = Array.from({ length: MEMBERS }, (_, n) => start(`old-${n}`, before));
    await Promise.all(fleet.map((member) => member.assigned()));
    load.steady(60);
    await settled();
    const exits: (number | NodeJS.Signals)[] = [];
    for (let n = 0; n < MEMBERS; n++) {
      const next = start(`new-${n}`, after);
      fleet.push(next);
      await next.assigned();
      exits.push((await fleet.shift()?.terminate()) ?? -1);
      await settled();
    }
    await eventually('it works with the new protocol', async () => (await view.protocol(groupId)) === protocolAfter);
    await load.end();
    await eventually('all records handled', () => ledger.open === 0);
    for (const member of fleet) exits.push(await member.terminate());

    const found = ledger.check();
    const lost = supervisor.members.flatMap((member) => member.told('group.lost'));
    figures(`16 rolling change ${what}`, {
      records: found.produced,
      protocols: [...new Set(protocols)],
      lost: found.lost.length,
      twice: found.handledTwice.length,
      restarted: found.restarted.length,
      outOfOrder: found.outOfOrder.length,
      groupLost: lost.length,
    });
    expect(protocols[0]).toBe(protocolBefore);
    expect(exits.filter((code) => code !== 0)).toEqual([]);
    expect(found).toMatchObject({ lost: [], handledTwice: [], restarted: [], outOfOrder: [], overlaps: [] });
    expect(lost).toEqual([]);
  });
});
