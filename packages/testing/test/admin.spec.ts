import { describe, expect, it } from '@jest/globals';
import { FakeClock, InMemoryCluster } from '../src/index.js';
import { some, TestMember } from './member.js';

async function setup() {
  const clock = new FakeClock();
  const cluster = new InMemoryCluster({ clock });
  const admin = cluster.driver().createAdmin();
  await clock.runUntil(admin.connect());
  await clock.runUntil(admin.createTopics([{ topic: 't', partitions: 2 }]));
  return { clock, cluster, admin };
}

describe('admin', () => {
  it('refuses names and counts that a broker would refuse', async () => {
    const { clock, admin } = await setup();
    await expect(clock.runUntil(admin.createTopics([{ topic: 'a/b', partitions: 1 }]))).rejects.toThrow('no name');
    await expect(clock.runUntil(admin.createTopics([{ topic: 'a', partitions: 0 }]))).rejects.toThrow('at least 1');
  });

  it('knows log ranges and what a group has committed', async () => {
    const { clock, cluster, admin } = await setup();
    cluster.produce(some(3, 1));
    const member = new TestMember(cluster.driver());
    await clock.runUntil(member.start());
    await clock.tick();
    await clock.runUntil(member.commit(2, 1, 'm'));
    expect(await clock.runUntil(admin.logRanges('t'))).toEqual([
      { topic: 't', partition: 0, low: 0, high: 0 },
      { topic: 't', partition: 1, low: 0, high: 3 },
    ]);
    expect(await clock.runUntil(admin.committed('g', ['t', 'nope']))).toEqual([
      { topic: 't', partition: 0, offset: undefined, metadata: '' },
      { topic: 't', partition: 1, offset: 2, metadata: 'm' },
    ]);
    await expect(clock.runUntil(admin.logRanges('nope'))).rejects.toMatchObject({ code: 'TOPIC_MISSING' });
  });

  it('describes groups', async () => {
    const { clock, cluster, admin } = await setup();
    const member = new TestMember(cluster.driver({ clientId: 'shop' }));
    await clock.runUntil(member.start());
    await clock.tick();
    expect(await clock.runUntil(admin.describeGroup('g'))).toMatchObject({
      state: 'Stable',
      protocol: 'roundrobin',
      members: [{ memberId: 'shop-0001', clientId: 'shop', partitions: [{ partition: 0 }, { partition: 1 }] }],
    });
    expect(await clock.runUntil(admin.listGroups())).toEqual(['g']);
    expect(await clock.runUntil(admin.describeGroup('nobody'))).toMatchObject({ state: 'Dead', members: [] });
  });
});
