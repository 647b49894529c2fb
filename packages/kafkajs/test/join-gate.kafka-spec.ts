import { afterEach, describe, expect, it } from '@jest/globals';
import { createTopic, fill, testDriver, uniqueName } from './support/broker.js';
import { Member } from './support/member.js';
import { Deferred, until } from './support/until.js';

describe('join gate', () => {
  const members: Member[] = [];
  afterEach(() => Promise.all(members.splice(0).map(({ consumer }) => consumer.stop())).then(() => undefined));
  async function group(partitions: number) {
    const driver = testDriver({ assignment: 'round-robin' });
    const topic = await createTopic(driver, partitions);
    const options = { groupId: uniqueName('group'), topics: [topic] };
    const member = (name: string) => {
      const made = new Member(driver, name, options);
      members.push(made);
      return made;
    };
    return { driver, topic, member };
  }

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
