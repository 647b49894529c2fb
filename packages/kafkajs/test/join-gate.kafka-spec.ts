import { afterEach, describe, expect, it } from '@jest/globals';
import { createTopic, fill, testDriver, uniqueName } from './support/broker.js';
import { Member } from './support/member.js';
import { Deferred, delay, until } from './support/until.js';

describe('join gate', () => {
  const members: Member[] = [];
  afterEach(() => Promise.all(members.splice(0).map(({ consumer }) => consumer.stop())).then(() => undefined));
  async function group(partitions: number) {
    const driver = testDriver();
    const topic = await createTopic(driver, partitions);
    const options = { groupId: uniqueName('group'), topics: [topic] };
    const member = (name: string) => {
      const made = new Member(driver, name, options);
      members.push(made);
      return made;
    };
    return { driver, topic, member };
  }

  it('lets no partition go before revoking has settled, and hands over at what was committed in it', async () => {
    const { driver, topic, member } = await group(4);
    await fill(driver, topic, [0, 1, 2, 3], 50);
    const a = member('a');
    await a.start();
    await until('a has all', () => a.taken.length === 200);
    const drained = new Deferred();
    let handedOver = false;
    a.onRevoking = async (partitions, deadlineMs) => {
      expect(partitions).toHaveLength(4);
      expect(deadlineMs).toBeGreaterThan(15_000);
      expect(deadlineMs).toBeLessThan(20_000);
      await drained.promise;
      await a.commitPositions();
      handedOver = true;
    };
    const b = member('b');
    let early = false;
    b.onAssigned = async () => {
      early ||= !handedOver;
    };
    await b.start();
    await until('a is asked', () => a.revokes.length === 1);
    await delay(300);
    expect(b.assignments).toHaveLength(0);
    drained.resolve();
    await until('both share', () => a.joins === 2 && b.joins === 1);
    expect(early).toBe(false);
    expect([...a.owned, ...b.owned].sort()).toEqual([0, 1, 2, 3]);
    expect(a.owned).toHaveLength(2);
    await fill(driver, topic, [0, 1, 2, 3], 1, 50);
    await until('the new records', () => a.taken.length + b.taken.length >= 204);
    // Neither what a kept nor what b got was read again.
    expect(
      a.taken
        .slice(200)
        .concat(b.taken)
        .map(({ offset }) => offset),
    ).toEqual([50, 50, 50, 50]);
    expect(a.losses).toEqual([]);
    expect(a.states.map(({ state }) => state)).toEqual(['connecting', 'joined', 'rebalancing', 'joined']);
  }, 40_000);

  it('goes on with kept partitions where the engine stands, although nothing was committed', async () => {
    const { driver, topic, member } = await group(2);
    await fill(driver, topic, [0, 1], 20);
    const a = member('a');
    await a.start();
    await until('a has all', () => a.taken.length === 40);
    const b = member('b');
    await b.start();
    await until('both share', () => a.joins === 2 && b.joins === 1);
    const [kept] = a.owned as [number];
    await fill(driver, topic, [kept], 1, 20);
    await until('the new record', () => a.taken.length > 40);
    expect(a.taken.slice(40).map(({ partition, offset }) => [partition, offset])).toEqual([[kept, 20]]);
    // What b got had no committed offset, so it starts at the beginning.
    await until('b reads its own', () => b.taken.length === 20);
    expect(b.offsets(b.owned[0] as number)).toEqual(Array.from({ length: 20 }, (_, n) => n));
  }, 40_000);

  it('hands over no record before assigned has settled, and starts at the position it gave', async () => {
    const { driver, topic, member } = await group(2);
    await fill(driver, topic, [0, 1], 100);
    const a = member('a');
    const settle = new Deferred();
    a.onAssigned = () => settle.promise;
    a.startOf = async ({ partition }) => (partition === 0 ? 30 : 100);
    await a.start();
    await until('assigned', () => a.assignments.length === 1);
    await delay(1500);
    expect(a.taken).toHaveLength(0);
    settle.resolve();
    await until('records', () => a.taken.length >= 70);
    await fill(driver, topic, [1], 1, 100);
    await until('the last', () => a.taken.length >= 71);
    expect(a.offsets(0)).toEqual(Array.from({ length: 70 }, (_, n) => n + 30));
    expect(a.offsets(1)).toEqual([100]);
    // The membership outlived the wait.
    expect(a.joins).toBe(1);
  }, 40_000);

  it('keeps the session by commits during a hand-over longer than the session timeout', async () => {
    const { driver, topic, member } = await group(2);
    await fill(driver, topic, [0, 1], 5);
    const a = member('a');
    await a.start();
    await until('a has all', () => a.taken.length === 10);
    const keepAlive = driver.capabilities.keepAliveDuringRevokeMs?.({
      groupId: '',
      topics: [],
      sessionTimeoutMs: 6000,
    });
    expect(keepAlive).toBe(1500);
    a.onRevoking = async () => {
      for (const end = Date.now() + 9000; Date.now() < end;) {
        await a.commitPositions('draining');
        await delay(keepAlive as number);
      }
      await a.commitPositions('drained');
    };
    const b = member('b');
    await b.start();
    await until('both share', () => a.joins === 2 && b.joins === 1, 30_000);
    expect(a.losses).toEqual([]);
    expect(a.assignments[1]?.memberId).toBe(a.assignments[0]?.memberId);
    const [committed] = await b.consumer.committed([{ topic, partition: b.owned[0] as number }]);
    expect(committed).toMatchObject({ offset: 5, metadata: 'drained' });
    expect(b.taken).toEqual([]);
  }, 60_000);

  it('reports everything as lost when the session expired meanwhile, and joins anew', async () => {
    const { driver, topic, member } = await group(2);
    await fill(driver, topic, [0, 1], 5);
    const a = member('a');
    await a.start();
    await until('a has all', () => a.taken.length === 10);
    const late = new Deferred();
    let failure: unknown;
    a.onRevoking = async () => {
      await late.promise;
      failure = await a.commitPositions().catch((error: unknown) => error);
    };
    const b = member('b');
    await b.start();
    // Nothing renews a's session, so b gets all of it.
    await until('b has all', () => b.owned.length === 2, 20_000);
    late.resolve();
    await until('a is back', () => a.joins === 2 && b.joins === 2, 20_000);
    expect(failure).toMatchObject({ name: 'CommitError', code: 'COMMIT_FENCED', canRetry: false });
    expect(a.losses).toHaveLength(1);
    expect(a.losses[0]?.partitions).toHaveLength(2);
    expect(a.log.indexOf('lost')).toBeLessThan(a.log.lastIndexOf('assigned'));
    expect(a.assignments[1]?.memberId).not.toBe(a.assignments[0]?.memberId);
  }, 60_000);

  it('reports a loss that no commit found, before the next assigned', async () => {
    const { driver, topic, member } = await group(1);
    await fill(driver, topic, [0], 5);
    const a = member('a');
    await a.start();
    await until('a has all', () => a.taken.length === 5);
    const late = new Deferred();
    a.onRevoking = () => late.promise;
    const b = member('b');
    await b.start();
    await until('b has all', () => b.owned.length === 1, 20_000);
    late.resolve();
    await until('a is back', () => a.assignments.length === 2, 20_000);
    expect(a.losses).toHaveLength(1);
    expect(a.log.indexOf('lost')).toBeLessThan(a.log.lastIndexOf('assigned'));
  }, 60_000);
});
