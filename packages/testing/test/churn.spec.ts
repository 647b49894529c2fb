import { describe, expect, it } from '@jest/globals';
import { partitionKey } from '@kafka-worker/engine';
import { FakeClock, InMemoryCluster } from '../src/index.js';
import { outcome, some, TestMember } from './member.js';

const PARTITIONS = 7;

/** Small numbers from a seed: the same seed takes the same way. */
function dice(seed: number): (sides: number) => number {
  let state = seed * 2_654_435_761;
  return (sides) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * sides);
  };
}

/** A member that notes what it may work on, and when the cluster gives it what is still in other hands. */
class Watched extends TestMember {
  readonly active = new Set<string>();
  /** Crashed or suspended: what it believes does not count any more. */
  silent = false;

  constructor(
    private readonly world: World,
    incrementalRebalance: boolean,
  ) {
    super(world.cluster.driver({ incrementalRebalance }), { sessionTimeoutMs: 5_000, rebalanceTimeoutMs: 20_000 });
    this.onRevoking = async () => {
      const ms = world.roll(3) * 1_000;
      await new Promise<void>((resolve) => void world.clock.setTimer(resolve, ms));
    };
  }

  override async assigned(assignment: Parameters<TestMember['assigned']>[0]): ReturnType<TestMember['assigned']> {
    const given = assignment.partitions.map((p) => partitionKey(p.topic, p.partition));
    for (const other of this.world.members) {
      if (other === this || other.silent || this.silent) continue;
      for (const key of given) if (other.active.has(key)) this.world.faults.push(`${key} is in two hands`);
    }
    this.active.clear();
    for (const key of given) this.active.add(key);
    return super.assigned(assignment);
  }

  override async revoking(partitions: Parameters<TestMember['revoking']>[0]): Promise<void> {
    await super.revoking(partitions);
    for (const p of partitions) this.active.delete(partitionKey(p.topic, p.partition));
  }

  override lost(partitions: Parameters<TestMember['lost']>[0]): void {
    super.lost(partitions);
    for (const p of partitions) this.active.delete(partitionKey(p.topic, p.partition));
  }
}

interface World {
  readonly clock: FakeClock;
  readonly cluster: InMemoryCluster;
  readonly roll: (sides: number) => number;
  readonly members: Set<Watched>;
  readonly faults: string[];
}

async function churn(seed: number, incremental: boolean): Promise<World> {
  const clock = new FakeClock();
  const roll = dice(seed);
  const longest = roll(4) * 5;
  const latencyMs = roll(2) === 0 ? longest : () => roll(longest + 1);
  const cluster = new InMemoryCluster({ clock, latencyMs, heartbeatIntervalMs: roll(3) * 300 });
  cluster.createTopic('t', PARTITIONS);
  const world: World = { clock, cluster, roll, members: new Set(), faults: [] };
  const anybody = (): Watched | undefined => [...world.members][roll(world.members.size || 1)];
  for (let step = 0; step < 30; step++) {
    const member = anybody();
    const what = roll(14);
    if (what < 4 || (!member && what < 10)) {
      const joins = new Watched(world, incremental);
      world.members.add(joins);
      // Some crash before they run.
      void outcome(joins.start());
    } else if (what < 6 && member && !member.silent) {
      world.members.delete(member);
      void member.consumer.stop();
    } else if (what === 6 && member) {
      world.members.delete(member);
      cluster.crash(member.consumer);
    } else if (what === 7 && member) {
      if (member.silent) {
        cluster.wake(member.consumer);
        // Awake again, but it has not heard yet of what happened meanwhile: even an old assignment may be on its way.
        await clock.advance(1_000);
      } else cluster.suspend(member.consumer);
      member.silent = !member.silent;
    } else if (what === 8 && member?.memberId && !member.silent) {
      member.silent = true;
      cluster.expireSession(member.memberId);
      await clock.advance(2_000);
      member.silent = false;
    }
    if (what === 10 && member && !member.silent) {
      const lost = roll(2) === 0 ? 'requests' : 'answers';
      cluster.faults.dropConnection(member.consumer, { lost, reconnectAfterMs: roll(3) * 1_000 });
    } else if (what === 11) {
      const refusal = roll(2) === 0 ? 'NOT_COORDINATOR' : 'COORDINATOR_LOAD_IN_PROGRESS';
      cluster.faults.moveCoordinator('g', { forMs: roll(4) * 500, refusal });
    } else if (what === 12) cluster.faults.fenceGeneration('g');
    await clock.advance(roll(4) * roll(1_500));
  }
  for (const member of world.members) if (member.silent) cluster.wake(member.consumer);
  await clock.advance(120_000);
  return world;
}

describe.each([
  ['eager', false],
  ['cooperative', true],
])('%s group under churn', (_, incremental) => {
  it.each(Array.from({ length: 40 }, (_, i) => i + 1))(
    'seed %i: settles with every partition in one hand',
    async (seed) => {
      const { clock, cluster, members, faults } = await churn(seed, incremental);
      expect(faults).toEqual([]);
      const held = [...members].flatMap((member) => member.partitions).sort();
      expect(held).toEqual(members.size === 0 ? [] : [...Array(PARTITIONS).keys()]);
      expect(cluster.group('g')).toMatchObject({ state: members.size === 0 ? 'Empty' : 'Stable' });
      expect(cluster.group('g').members).toHaveLength(members.size);

      // Everybody fetches: one record each arrives with whoever holds the partition.
      for (const member of members) member.received.length = 0;
      for (let partition = 0; partition < PARTITIONS; partition++) cluster.produce(some(1, partition));
      await clock.advance(100);
      if (members.size > 0) {
        expect([...members].flatMap((m) => m.received.map((r) => r.partition)).sort()).toEqual([
          ...Array(PARTITIONS).keys(),
        ]);
      }
      for (const member of members) await clock.runUntil(member.consumer.stop());
      await clock.advance(120_000);
      expect(clock.pending).toBe(0);
    },
  );
});
