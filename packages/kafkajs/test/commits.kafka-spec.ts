import { afterEach, describe, expect, it } from '@jest/globals';
import { createTopic, fill, testDriver, uniqueName } from './support/broker.js';
import { Member } from './support/member.js';
import { until } from './support/until.js';

describe('commits', () => {
  const members: Member[] = [];
  afterEach(() => Promise.all(members.splice(0).map(({ consumer }) => consumer.stop())).then(() => undefined));
  async function joined(partitions: number) {
    const driver = testDriver();
    const topic = await createTopic(driver, partitions);
    await fill(
      driver,
      topic,
      Array.from({ length: partitions }, (_, p) => p),
      10,
    );
    const options = { groupId: uniqueName('group'), topics: [topic] };
    const member = (name: string) => {
      const made = new Member(driver, name, options);
      members.push(made);
      return made;
    };
    const a = member('a');
    await a.start();
    await until('a has all', () => a.taken.length === 10 * partitions);
    return { driver, topic, a, member };
  }

  const stale = { name: 'CommitError', code: 'COMMIT_STALE', canRetry: false };

  it('of partitions that went to somebody else are refused', async () => {
    const { topic, a, member } = await joined(2);
    const b = member('b');
    await b.start();
    await until('both share', () => a.joins === 2 && b.joins === 1);
    const [gone] = b.owned as [number];
    // The broker would take it: it checks member and generation, not who owns the partition.
    await expect(a.consumer.commit([{ topic, partition: gone, offset: 1, metadata: '' }])).rejects.toMatchObject(stale);
  }, 40_000);
});
