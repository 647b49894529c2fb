import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import kafkajs, { type PartitionAssigner } from 'kafkajs';
import { PROTOCOL_NAMES } from '../src/index.js';
import { fill } from './support/broker.js';
import { rawConsumer, testGroup, type RawConsumer, type TestGroup } from './support/group.js';
import { Deferred, until } from './support/until.js';

const { MemberAssignment, MemberMetadata } = kafkajs.AssignerProtocol;

describe('a group with a consumer of bare kafkajs', () => {
  let group: TestGroup;
  const raw: RawConsumer[] = [];
  beforeEach(async () => {
    group = await testGroup(4);
  });
  afterEach(async () => {
    await Promise.all(raw.splice(0).map((one) => one.stop()));
    await group.end();
  });
  async function join(assigners?: PartitionAssigner[]): Promise<RawConsumer> {
    const one = await rawConsumer(group, assigners);
    raw.push(one);
    return one;
  }

  it('agrees on round robin, whoever leads, and is a cooperative one when it has gone', async () => {
    const first = await join();
    const a = group.member('a');
    await a.start();
    await until('they share', () => first.owned.length === 2 && a.owned.length === 2);
    expect(await group.protocol()).toBe('RoundRobinAssigner');
    await fill(group.driver, group.topic, [0, 1, 2, 3], 5);
    await until('everything is read', () => first.values.length + a.taken.length === 20);
    await a.commitPositions();
    await raw.pop()?.stop();
    await until('a has all', () => a.owned.length === 4);
    expect(await group.protocol()).toBe(PROTOCOL_NAMES.cooperative);
    await fill(group.driver, group.topic, [0, 1, 2, 3], 1, 5);
    await until('the rest', () => first.values.length + a.taken.length >= 24);
    expect(a.losses).toEqual([]);
    const values = [...first.values, ...a.taken.map(({ value }) => value?.toString())];
    expect(new Set(values).size).toBe(24);
    expect(values).toHaveLength(24);
  }, 60_000);

  it('is given nothing that cooperative members are still at work in, where one of them leads', async () => {
    const [a, b] = [group.member('a'), group.member('b')];
    await a.start();
    await b.start();
    await group.shared(a, b);
    expect(await group.protocol()).toBe(PROTOCOL_NAMES.cooperative);
    const drained = new Deferred();
    for (const member of [a, b]) {
      member.onRevoking = async () => {
        await drained.promise;
        await member.commitPositions('drained');
      };
    }
    const before = a.revokes.length + b.revokes.length;
    const other = await join();
    await until('somebody is asked', () => a.revokes.length + b.revokes.length > before);
    expect(other.owned).toEqual([]);
    drained.resolve();
    await until('all three share', () => {
      const all = [...a.owned, ...b.owned, ...other.owned].sort();
      return all.join() === '0,1,2,3' && other.owned.length > 0;
    });
    expect(await group.protocol()).toBe('RoundRobinAssigner');
    expect([a.losses, b.losses]).toEqual([[], []]);
    const moved = other.owned.map((partition) => ({ topic: group.topic, partition }));
    for (const { metadata } of await a.consumer.committed(moved)) expect(metadata).toBe('drained');
  }, 60_000);

  it('tells as lost what a leader that waits for nobody has given away', async () => {
    // Knows the cooperative name, leads because it is first, and takes two of the four for itself.
    const half: PartitionAssigner = () => ({
      name: PROTOCOL_NAMES.cooperative,
      version: 0,
      protocol: ({ topics }) => ({
        name: PROTOCOL_NAMES.cooperative,
        metadata: MemberMetadata.encode({ version: 0, topics, userData: Buffer.alloc(0) }),
      }),
      assign: async ({ members }) =>
        members.map(({ memberId }, n) => ({
          memberId,
          memberAssignment: MemberAssignment.encode({
            version: 0,
            assignment: { [group.topic]: members.length === 1 ? [0, 1] : n === 0 ? [0, 1] : [2, 3] },
            userData: Buffer.alloc(0),
          }),
        })),
    });
    await join([half, kafkajs.PartitionAssigners.roundRobin]);
    const a = group.member('a');
    await a.start();
    await until('a has half', () => a.owned.length === 2);
    const held = [...a.owned];
    a.onRevoking = () => a.commitPositions('late');
    await join();
    await until('a has joined with everybody', () => a.assignments.at(-1)?.protocol === 'RoundRobinAssigner');
    const gone = held.filter((partition) => !a.owned.includes(partition));
    const told = a.losses.flatMap(({ partitions }) => partitions.map(({ partition }) => partition));
    expect(gone.length).toBeGreaterThan(0);
    expect(told.sort()).toEqual(gone.sort());
    const [where] = gone.map((partition) => ({ topic: group.topic, partition, offset: 1, metadata: 'foreign' }));
    await expect(a.consumer.commit(where ? [where] : [])).rejects.toMatchObject({ code: 'COMMIT_STALE' });
  }, 60_000);
});
