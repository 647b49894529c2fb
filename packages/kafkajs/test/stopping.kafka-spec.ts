import { describe, expect, it } from '@jest/globals';
import { createTopic, fill, testDriver, uniqueName } from './support/broker.js';
import { Member } from './support/member.js';
import { Deferred, until } from './support/until.js';

describe('stopping', () => {
  it('while a rebalance runs drains, commits and leaves instead of waiting for the slowest member', async () => {
    const { driver, topic, a, b, c } = await pair();
    await fill(driver, topic, [0, 1, 2, 3], 5);
    await a.start();
    await b.start();
    await until('both share', () => a.owned.length === 2 && b.owned.length === 2);
    await until('all records', () => a.taken.length + b.taken.length >= 20);
    const slow = new Deferred();
    b.onRevoking = async () => {
      await b.commitPositions('slow');
      await slow.promise;
    };
    a.onRevoking = () => a.commitPositions('left');
    a.consumer.stopping();
    const before = { a: a.revokes.length, b: b.revokes.length };
    await c.start();
    await until('both are asked', () => a.revokes.length > before.a && b.revokes.length > before.b);
    await until('a is through', () => a.log.at(-1) === 'revoked');
    const begun = Date.now();
    await a.consumer.stop();
    expect(Date.now() - begun).toBeLessThan(2000);
    expect(a.states.map(({ state }) => state)).not.toContain('crashed');
    const mine = a.assignments.at(-1)?.partitions ?? [];
    expect(await b.consumer.committed(mine)).toEqual(mine.map((p) => ({ ...p, offset: 5, metadata: 'left' })));
    slow.resolve();
    await until('the others share', () => b.owned.length === 2 && c.owned.length === 2);
    expect(c.taken).toEqual([]);
    await Promise.all([b.consumer.stop(), c.consumer.stop()]);
  }, 60_000);

  it('says when no broker can be reached', async () => {
    const driver = testDriver({ client: { brokers: ['127.0.0.1:1'], retry: { retries: 1 } } });
    const member = new Member(driver, 'a', { groupId: uniqueName('group'), topics: ['any'] });
    await expect(member.start()).rejects.toMatchObject({ code: 'CONNECTION', canRetry: true });
  }, 20_000);

  async function pair() {
    const driver = testDriver({ assignment: 'round-robin' });
    const topic = await createTopic(driver, 4);
    const options = { groupId: uniqueName('group'), topics: [topic] };
    const [a, b, c] = ['a', 'b', 'c'].map((name) => new Member(driver, name, options)) as [Member, Member, Member];
    return { driver, topic, a, b, c };
  }
});
