import { describe, expect, it } from '@jest/globals';
import kafkajs from 'kafkajs';
import { createTopic, fill, testBrokers, testDriver, uniqueName } from './support/broker.js';
import { Member } from './support/member.js';
import { until } from './support/until.js';

describe('a position outside the log', () => {
  it('is reported as a loss, committed nowhere, and asked for again with a join', async () => {
    const driver = testDriver();
    const topic = await createTopic(driver, 2);
    const partition = { topic, partition: 0 };
    const groupId = uniqueName('group');
    await fill(driver, topic, [0, 1], 10);
    const member = new Member(driver, 'a', { groupId, topics: [topic] });
    let asked = 0;
    member.startOf = async ({ partition }) => (partition === 0 && asked++ === 0 ? 999 : 4);
    await member.start();
    await until('a second join', () => member.joins === 2);
    await until('records', () => member.taken.length >= 12);
    expect(member.losses).toHaveLength(1);
    expect(member.losses[0]?.partitions).toEqual([partition]);
    expect(member.losses[0]?.cause).toMatchObject({ code: 'CLIENT_CRASHED', willRestart: true });
    expect(member.losses[0]?.cause.message).toContain(`999 of ${topic}/0`);
    expect(member.offsets(0)).toEqual([4, 5, 6, 7, 8, 9]);
    expect(member.offsets(1)).toEqual([4, 5, 6, 7, 8, 9]);
    // kafkajs alone commits -2 here, which `committed()` would hide: -1 is the broker's word for no commit at all.
    const admin = new kafkajs.Kafka({ brokers: testBrokers(), logLevel: kafkajs.logLevel.NOTHING }).admin();
    await admin.connect();
    const [stored] = await admin.fetchOffsets({ groupId, topics: [topic] });
    await admin.disconnect();
    expect(stored?.partitions.map(({ offset }) => offset)).toEqual(['-1', '-1']);
    expect(member.states.map(({ state }) => state)).not.toContain('crashed');
    await member.consumer.stop();
  }, 30_000);

  it('is tried less and less often where the engine insists on it', async () => {
    const driver = testDriver();
    const topic = await createTopic(driver, 1);
    await fill(driver, topic, [0], 10);
    const member = new Member(driver, 'a', { groupId: uniqueName('group'), topics: [topic] });
    member.startOf = async () => 999;
    await member.start();
    await until('some tries', () => member.losses.length === 4);
    const begun = Date.now();
    await until('one more', () => member.losses.length === 5);
    expect(Date.now() - begun).toBeGreaterThan(300);
    await member.consumer.stop();
  }, 30_000);
});
