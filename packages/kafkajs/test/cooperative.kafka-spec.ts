import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { clusterTools, type ClusterTools } from '@app/kafka-cluster';
import { PROTOCOL_NAMES } from '../src/index.js';
import { fill, testBrokers } from './support/broker.js';
import { testGroup, type TestGroup } from './support/group.js';
import type { Member } from './support/member.js';
import { Deferred, until } from './support/until.js';

describe('the cooperative strategy', () => {
  let tools: ClusterTools;
  beforeAll(() => {
    tools = clusterTools(testBrokers());
  });
  afterAll(() => tools.close());
  let group: TestGroup;
  beforeEach(async () => {
    group = await testGroup(4);
  });
  afterEach(() => group.end());

  /** `a` holds everything, and a second member waits for what `a` has been asked for and keeps. */
  async function leaving(): Promise<{ a: Member; b: Member; drained: Deferred; asked: number[]; kept: number[] }> {
    const [a, b] = [group.member('a'), group.member('b')];
    await a.start();
    await until('a has all', () => a.owned.length === 4 && a.joins === 1);
    const drained = new Deferred();
    a.onRevoking = async () => {
      await drained.promise;
      await a.commitPositions('drained').catch(() => undefined);
    };
    await b.start();
    await until('a is asked', () => a.revokes.length === 1);
    const asked = a.revokes[0]?.partitions.map(({ partition }) => partition) ?? [];
    return { a, b, drained, asked, kept: [0, 1, 2, 3].filter((partition) => !asked.includes(partition)) };
  }

  it('goes on with what stays while a rebalance runs into a hand-over, and asks for what leaves only once', async () => {
    const { a, b, drained, asked, kept } = await leaving();
    expect(asked).toHaveLength(2);
    const c = group.member('c');
    await c.start();
    await until('the group has joined with c', () => c.joins === 1);
    await fill(group.driver, group.topic, kept, 3);
    await until('records of what stays', () => kept.every((partition) => a.offsets(partition).length === 3));
    await fill(group.driver, group.topic, asked, 3);
    expect([...b.owned, ...c.owned]).toEqual([]);
    drained.resolve();
    await group.shared(a, b, c);
    await until('all are read once', () => a.taken.length + b.taken.length + c.taken.length >= 12);
    const all = a.revokes.flatMap(({ partitions }) => partitions.map(({ partition }) => partition));
    expect(new Set(all).size).toBe(all.length);
    expect([a.losses, b.losses, c.losses]).toEqual([[], [], []]);
    expect(a.taken.length + b.taken.length + c.taken.length).toBe(12);
    expect(await group.protocol()).toBe(PROTOCOL_NAMES.cooperative);
  }, 60_000);

  it('gives away what it withheld for a member that has died meanwhile', async () => {
    const { a, b } = await leaving();
    const late = new Deferred();
    a.onRevoking = async () => undefined;
    const commit = late.promise.then(() =>
      a.consumer.commit(b.owned.map((partition) => ({ topic: group.topic, partition, offset: 1, metadata: 'late' }))),
    );
    await tools.expel(group.groupId, a.assignments[0]?.memberId ?? '');
    await until('a is told', () => a.losses.length === 1);
    await group.shared(a, b);
    expect(a.losses[0]?.partitions).toHaveLength(4);
    expect(a.assignments.at(-1)?.memberId).not.toBe(a.assignments[0]?.memberId);
    late.resolve();
    await expect(commit).rejects.toMatchObject({ code: 'COMMIT_STALE' });
  }, 60_000);

  it('ends the membership after everything was asked for, where stopping comes in the middle of a hand-over', async () => {
    const { a, b, drained } = await leaving();
    a.consumer.stopping();
    const c = group.member('c');
    await c.start();
    await until('a is asked for the rest', () => a.revokes.flatMap(({ partitions }) => partitions).length === 4);
    const before = a.assignments.length;
    drained.resolve();
    await group.shared(b, c);
    expect(a.assignments).toHaveLength(before);
    expect(a.losses).toEqual([]);
    expect(a.states.map(({ state }) => state)).not.toContain('crashed');
    const all = [0, 1, 2, 3].map((partition) => ({ topic: group.topic, partition }));
    for (const { metadata } of await b.consumer.committed(all)) expect(metadata).toBe('drained');
  }, 60_000);

  it('stops in the middle of a hand-over without a word afterwards', async () => {
    const { a, b, drained } = await leaving();
    await a.consumer.stop();
    const told = a.log.length;
    await until('b has all', () => b.owned.length === 4);
    drained.resolve();
    await until('its own revoking has ended', () => a.log.at(-1) === 'revoked');
    expect(a.log.slice(told)).toEqual(['revoked']);
  }, 60_000);

  it('shares out what a topic has got more of, without asking for anything', async () => {
    const options = { consumer: { metadataMaxAge: 300 } };
    const [a, b] = [group.member('a', options), group.member('b', options)];
    await a.start();
    await b.start();
    await group.shared(a, b);
    const before = [a.revokes.length, b.revokes.length];
    await group.grow(8);
    await until('eight are shared', () => a.owned.length === 4 && b.owned.length === 4, 20_000);
    expect([a.revokes.length, b.revokes.length]).toEqual(before);
    expect([...a.owned, ...b.owned].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  }, 60_000);
});
