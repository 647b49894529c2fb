import { connect, createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { AddressInfo } from 'node:net';
import { deferred, InMemoryCluster, type InMemoryClusterOptions, remoteDriver, serveCluster } from '../src/index.js';
import { outcome, some, TestMember } from './member.js';

const closers: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function setup(options: InMemoryClusterOptions = {}, partitions = 2) {
  const cluster = new InMemoryCluster(options);
  cluster.createTopic('t', partitions);
  const server = await serveCluster(cluster);
  closers.push(() => server.close());
  return { cluster, server };
}

function join(port: number, options: { incrementalRebalance?: boolean; sessionTimeoutMs?: number } = {}): TestMember {
  const { sessionTimeoutMs, ...driver } = options;
  const member = new TestMember(
    remoteDriver({ port, ...driver }),
    sessionTimeoutMs === undefined ? {} : { sessionTimeoutMs },
  );
  closers.push(() => member.consumer.stop());
  return member;
}

/** Settles when `member` has received `count` records. */
function received(member: TestMember, count: number): Promise<void> {
  const done = deferred();
  const take = member.onRecords;
  let seen = 0;
  member.onRecords = (batch) => {
    const taken = take(batch);
    seen += taken;
    if (seen >= count) done.resolve();
    return taken;
  };
  return done.promise;
}

/** Settles when `member` next takes up an assignment of `count` partitions. */
function assignment(member: TestMember, count: number): Promise<void> {
  const done = deferred();
  const take = member.onAssigned;
  member.onAssigned = async (given) => {
    const starts = await take(given);
    if (given.partitions.length === count) done.resolve();
    return starts;
  };
  return done.promise;
}

/** A way to the server that can be cut, as `kill -9` of the process at one end would. */
async function cuttable(port: number): Promise<{ port: number; cut: () => void }> {
  const sockets: Socket[] = [];
  const proxy = createServer((near) => {
    const far = connect({ host: '127.0.0.1', port });
    sockets.push(near, far);
    for (const socket of [near, far]) socket.on('error', () => undefined);
    near.pipe(far).pipe(near);
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const cut = (): void => sockets.splice(0).forEach((socket) => socket.destroy());
  closers.push(() => {
    cut();
    return new Promise((resolve) => proxy.close(resolve));
  });
  return { port: (proxy.address() as AddressInfo).port, cut };
}

describe('remote driver', () => {
  it('consumes, commits and leaves as a local one', async () => {
    const { cluster, server } = await setup({}, 1);
    cluster.produce([{ topic: 't', key: 'k', value: 'v', headers: { h: 'x' } }]);
    const a = join(server.port);
    const first = received(a, 1);
    await a.start();
    await first;
    expect(a.received[0]).toMatchObject({ offset: 0, key: Buffer.from('k'), value: Buffer.from('v') });
    expect(a.received[0]?.headers).toEqual({ h: Buffer.from('x') });
    await a.commit(1, 0, 'map');
    expect(cluster.committed('g', 't', 0)).toEqual({ offset: 1, metadata: 'map' });
    expect(await a.consumer.committed([{ topic: 't', partition: 0 }])).toMatchObject([{ offset: 1, metadata: 'map' }]);
    expect(await a.consumer.logRanges([{ topic: 't', partition: 0 }])).toMatchObject([{ low: 0, high: 1 }]);
    await a.consumer.stop();
    expect(a.states).toEqual(['connecting', 'joined', 'stopped']);
    expect(cluster.group('g').members).toEqual([]);
  });

  it('hands over everything in order, many windows long', async () => {
    const { cluster, server } = await setup({}, 1);
    cluster.produce(some(10_000));
    const a = join(server.port);
    const all = received(a, 10_000);
    await a.start();
    await all;
    expect(a.offsets()).toEqual(Array.from({ length: 10_000 }, (_, i) => i));
  });

  it('keeps what was not taken until resume', async () => {
    const { cluster, server } = await setup({}, 1);
    cluster.produce(some(5_000));
    const a = join(server.port);
    const offered = deferred();
    a.onRecords = () => (offered.resolve(), 3);
    await a.start();
    await offered.promise;
    await a.consumer.committed([]);
    expect(a.offsets()).toEqual([0, 1, 2]);
    a.onRecords = (batch) => batch.records.length;
    const rest = received(a, 4_997);
    a.consumer.resume([{ topic: 't', partition: 0 }]);
    await rest;
    expect(a.offsets()).toEqual(Array.from({ length: 5_000 }, (_, i) => i));
  });

  it('seeks, throwing away what is under way', async () => {
    const { cluster, server } = await setup({}, 1);
    cluster.produce(some(5_000));
    const a = join(server.port);
    let sought = false;
    const end = deferred();
    a.onRecords = (batch) => {
      if (!sought) a.consumer.seek({ topic: 't', partition: 0, offset: 4_998 });
      sought = true;
      if (batch.records.at(-1)?.offset === 4_999) end.resolve();
      return batch.records.length;
    };
    await a.start();
    await end.promise;
    expect(a.offsets().slice(-2)).toEqual([4_998, 4_999]);
    expect(a.offsets()).toHaveLength((a.batches[0]?.records.length ?? 0) + 2);
  });

  it.each([false, true])('shares a group, local and remote; cooperative: %s', async (incrementalRebalance) => {
    const { cluster, server } = await setup();
    const a = join(server.port, { incrementalRebalance });
    const alone = assignment(a, 2);
    await a.start();
    await alone;
    const b = new TestMember(cluster.driver({ incrementalRebalance }));
    closers.push(() => b.consumer.stop());
    const shared = [assignment(a, 1), assignment(b, 1)];
    await b.start();
    await Promise.all(shared);
    const done = [received(a, 1), received(b, 1)];
    cluster.produce([...some(1, 0), ...some(1, 1)]);
    await Promise.all(done);
    expect(a.log.some((line) => line.startsWith('revoked'))).toBe(true);
  });

  it('refuses a commit under an older generation', async () => {
    const { cluster, server } = await setup();
    const a = join(server.port);
    const alone = assignment(a, 2);
    await a.start();
    await alone;
    cluster.faults.commit({ requestDelayMs: 50 });
    const commit = outcome(a.commit(1));
    await a.consumer.committed([]);
    const b = join(server.port);
    await b.start();
    expect(await commit).toMatchObject({ code: 'COMMIT_STALE' });
  });

  it('takes a dropped connection for a dead member: its session runs out', async () => {
    const { cluster, server } = await setup();
    const line = await cuttable(server.port);
    const a = join(line.port, { sessionTimeoutMs: 30 });
    const b = join(server.port);
    const shared = [assignment(a, 1), assignment(b, 1)];
    await Promise.all([a.start(), b.start()]);
    await Promise.all(shared);
    const takenOver = assignment(b, 2);
    line.cut();
    await takenOver;
    expect(a.states.at(-1)).toBe('crashed');
    expect(a.log.at(-1)).toMatch(/^lost /);
    expect(cluster.group('g').members).toHaveLength(1);
    expect(await outcome(a.commit(1))).toMatchObject({ code: 'COMMIT_FAILED' });
  });

  it('carries errors with their codes', async () => {
    const { server } = await setup();
    const consumer = remoteDriver({ port: server.port }).createConsumer({ groupId: 'g', topics: ['t', 'nope'] });
    expect(await outcome(consumer.start(new TestMember(remoteDriver({ port: 1 }))))).toMatchObject({
      code: 'TOPIC_MISSING',
    });
    await server.close();
    expect(await outcome(join(server.port).start())).toMatchObject({ code: 'CONNECTION' });
  });

  it('produces and asks', async () => {
    const { cluster, server } = await setup();
    const driver = remoteDriver({ port: server.port });
    const producer = driver.createProducer();
    expect(await outcome(producer.send([]))).toMatchObject({ code: 'SEND_FAILED' });
    await producer.connect();
    expect(await producer.send([{ topic: 't', partition: 1, value: 'v', headers: { h: ['a', 'b'] } }])).toEqual([
      { topic: 't', partition: 1, offset: 0 },
    ]);
    expect(cluster.records('t')[0]?.headers).toEqual({ h: [Buffer.from('a'), Buffer.from('b')] });
    expect(await outcome(producer.send([{ topic: 'nope', value: null }]))).toMatchObject({
      code: 'SEND_FAILED',
      canRetry: false,
    });
    await producer.close();
    await producer.close();
    const admin = driver.createAdmin();
    await admin.connect();
    expect(await admin.partitions(['t', 'nope'])).toEqual(new Map([['t', 2]]));
    expect(await admin.describeGroup('g')).toMatchObject({ state: 'Dead' });
    await admin.close();
  });
});
