import { describe, expect, it } from '@jest/globals';
import { FakeClock, InMemoryCluster } from '../src/index.js';

async function setup(options = {}) {
  const clock = new FakeClock();
  const cluster = new InMemoryCluster({ clock, ...options });
  cluster.createTopic('t', 3);
  const producer = cluster.driver().createProducer();
  await clock.runUntil(producer.connect());
  return { clock, cluster, producer };
}

describe('producer', () => {
  it('answers with one entry per record, in the order given', async () => {
    const { clock, cluster, producer } = await setup();
    const sent = await clock.runUntil(
      producer.send([
        { topic: 't', partition: 2, value: 'a', headers: { h: 'x', many: ['1', Buffer.from('2')] } },
        { topic: 't', partition: 0, value: null, timestamp: 5 },
        { topic: 't', partition: 2, key: 'k', value: Buffer.from('b') },
      ]),
    );
    expect(sent.map((s) => [s.partition, s.offset])).toEqual([
      [2, 0],
      [0, 0],
      [2, 1],
    ]);
    expect(cluster.records('t', 2)[0]).toMatchObject({
      key: null,
      value: Buffer.from('a'),
      headers: { h: Buffer.from('x'), many: [Buffer.from('1'), Buffer.from('2')] },
    });
    expect(cluster.records('t', 0)[0]).toMatchObject({ value: null, timestamp: 5 });
  });

  it('puts a key always on one partition and records without a key on each in turn', async () => {
    const { clock, producer } = await setup();
    const keyed = await clock.runUntil(producer.send([1, 2, 3].map(() => ({ topic: 't', key: 'foobar', value: 'v' }))));
    expect(new Set(keyed.map((s) => s.partition))).toEqual(new Set([(-790332482 & 0x7fffffff) % 3]));
    const turns = await clock.runUntil(producer.send([1, 2, 3, 4].map(() => ({ topic: 't', value: 'v' }))));
    expect(turns.map((s) => s.partition)).toEqual([0, 1, 2, 0]);
  });

  it('creates topics where the cluster does', async () => {
    const { clock, cluster, producer } = await setup({ autoCreateTopics: true, defaultPartitions: 2 });
    await clock.runUntil(producer.send([{ topic: 'fresh', value: 'v' }]));
    expect(cluster.records('fresh')).toHaveLength(1);
  });

  it('fails on demand; a lost answer leaves the records written', async () => {
    const { clock, cluster, producer } = await setup();
    cluster.faults.produce({ topic: 't' });
    await expect(clock.runUntil(producer.send([{ topic: 't', value: 'v' }]))).rejects.toMatchObject({ canRetry: true });
    expect(cluster.records('t')).toHaveLength(0);
    cluster.faults.produce({ answerLost: true });
    await expect(clock.runUntil(producer.send([{ topic: 't', value: 'v' }]))).rejects.toMatchObject({ canRetry: true });
    expect(cluster.records('t')).toHaveLength(1);
    cluster.faults.produce({ delayMs: 500 });
    await clock.runUntil(producer.send([{ topic: 't', value: 'v' }]));
    expect(cluster.records('t')[1]?.timestamp).toBe(clock.now());
  });
});
