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

  it('carry up to 4,096 characters of metadata, and say so when there are more', async () => {
    const { topic, a } = await joined(1);
    const metadata = 'ü'.repeat(4096);
    await a.commitPositions(metadata);
    expect(await a.consumer.committed([{ topic, partition: 0 }])).toEqual([
      { topic, partition: 0, offset: 10, metadata },
    ]);
    await expect(a.commitPositions(`${metadata}x`)).rejects.toMatchObject({ code: 'COMMIT_METADATA_TOO_LARGE' });
    await a.commitPositions('still a member');
  }, 30_000);

  it('between the hand-over and the next assignment are refused, and so are those queued before it', async () => {
    const { a, member } = await joined(2);
    const outcomes: Promise<unknown>[] = [];
    const note = (commit: Promise<void>) =>
      outcomes.push(
        commit.then(
          () => 'sent',
          (error: unknown) => error,
        ),
      );
    a.onRevoking = async () => {
      await a.commitPositions('last');
      // The engine is done with the hand-over and something commits all the same.
      setImmediate(() => note(a.commitPositions('between')));
    };
    const b = member('b');
    await b.start();
    await until('both share', () => a.joins === 2 && b.joins === 1);
    await until('the commit', () => outcomes.length === 1);
    expect(await outcomes[0]).toMatchObject(stale);
    const [committed] = await b.consumer.committed([
      { topic: a.assignments[0]?.partitions[0]?.topic ?? '', partition: 0 },
    ]);
    expect(committed?.metadata).toBe('last');
    expect(a.losses).toEqual([]);
  }, 40_000);

  it('of partitions that went to somebody else are refused', async () => {
    const { topic, a, member } = await joined(2);
    const b = member('b');
    await b.start();
    await until('both share', () => a.joins === 2 && b.joins === 1);
    const [gone] = b.owned as [number];
    // The broker would take it: it checks member and generation, not who owns the partition.
    await expect(a.consumer.commit([{ topic, partition: gone, offset: 1, metadata: '' }])).rejects.toMatchObject(stale);
  }, 40_000);

  it('after the consumer has begun to stop are refused instead of silently dropped', async () => {
    const { a } = await joined(1);
    await a.commitPositions('before');
    const stopping = a.consumer.stop();
    const during = a.commitPositions('during').then(
      () => 'sent',
      (error: unknown) => error,
    );
    await stopping;
    const outcome = await during;
    if (outcome !== 'sent') expect(outcome).toMatchObject(stale);
    await expect(a.commitPositions('after')).rejects.toMatchObject(stale);
  }, 30_000);

  it('never run at the same time and keep their order', async () => {
    const { topic, a } = await joined(1);
    const offsets = Array.from({ length: 20 }, (_, n) => n % 10);
    await Promise.all(
      offsets.map((offset, n) => a.consumer.commit([{ topic, partition: 0, offset, metadata: `commit ${n}` }])),
    );
    expect(await a.consumer.committed([{ topic, partition: 0 }])).toMatchObject([{ offset: 9, metadata: 'commit 19' }]);
  }, 30_000);
});
