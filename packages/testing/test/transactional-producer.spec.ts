import { describe, expect, it } from '@jest/globals';
import type { DriverTransaction, DriverTransactionalProducer } from '@kafka-worker/engine';
import { FakeClock, type Hop, InMemoryCluster, type InMemoryClusterOptions } from '../src/index.js';
import { outcome, TestMember } from './member.js';

async function setup(options: InMemoryClusterOptions = {}) {
  const clock = new FakeClock();
  const cluster = new InMemoryCluster({ clock, ...options });
  cluster.createTopic('in', 1);
  cluster.createTopic('out', 2);
  const make = (id = 'shop'): DriverTransactionalProducer => {
    const producer = cluster.driver().createTransactionalProducer?.(id);
    if (!producer) throw new Error('no transactions');
    return producer;
  };
  const open = async (id?: string): Promise<DriverTransactionalProducer> => {
    const producer = make(id);
    await clock.runUntil(producer.open());
    return producer;
  };
  const reader = new TestMember(cluster.driver(), { groupId: 'reader', topics: ['out'] });
  void reader.start();
  await clock.tick();
  const stored = () => cluster.committed('g', 'in', 0);
  return { clock, cluster, make, open, reader, stored };
}

/** One record for each partition of `out`, and the offset of `in`. */
function upTo(offset: number, partitions = [0]): DriverTransaction {
  return {
    records: partitions.map((partition) => ({ topic: 'out', partition, value: String(offset) })),
    groupId: 'g',
    offsets: [{ topic: 'in', partition: 0, offset, metadata: `m${offset}` }],
  };
}

describe('a transactional producer', () => {
  it('commits records of several partitions and offsets as one', async () => {
    const { clock, cluster, open, reader, stored } = await setup();
    const producer = await open();
    await clock.runUntil(producer.transact(upTo(1, [0, 1, 0])));
    await clock.tick();
    expect([reader.offsets(0), reader.offsets(1)]).toEqual([[0, 1], [0]]);
    expect(stored()).toEqual({ offset: 1, metadata: 'm1' });
    // Marked on both.
    expect([cluster.range('out', 0).high, cluster.range('out', 1).high]).toEqual([3, 2]);
    await clock.runUntil(producer.close());
    expect(clock.pending).toBe(0);
  });

  it('sends each step as a request: topics, one for each partition, offsets, end; the markers follow', async () => {
    const hops: Hop[] = [];
    const { clock, open } = await setup({ latencyMs: (hop) => (hops.push(hop), 1) });
    const producer = await open();
    hops.length = 0;
    await clock.runUntil(producer.transact(upTo(1, [0, 1])));
    const requests = hops.filter(({ from, to }) => from.includes('producer') && to === 'cluster');
    expect(requests).toHaveLength(5);
    expect(hops.filter(({ from, to }) => from === to)).toHaveLength(1);
  });

  it('runs one transaction after the other, also where they are asked for at once', async () => {
    const { clock, open, cluster, stored } = await setup({ latencyMs: 3 });
    const producer = await open();
    await clock.runUntil(Promise.all([1, 2, 3].map((offset) => producer.transact(upTo(offset)))));
    await clock.advance(10);
    expect(cluster.records('out').map(({ value, offset }) => [String(value), offset])).toEqual([
      ['1', 0],
      ['2', 2],
      ['3', 4],
    ]);
    expect(stored()?.offset).toBe(3);
  });

  it('shows nothing before the markers are written, and begins nothing before that', async () => {
    const { clock, cluster, open, stored } = await setup({ latencyMs: ({ from, to }) => (from === to ? 50 : 0) });
    const producer = await open();
    await clock.runUntil(producer.transact(upTo(1)));
    expect([stored(), cluster.records('out')]).toEqual([undefined, []]);
    await clock.runUntil(producer.transact(upTo(2)));
    expect(cluster.records('out').map(({ offset }) => offset)).toEqual([0]);
    await clock.advance(50);
    expect(cluster.records('out').map(({ offset }) => offset)).toEqual([0, 2]);
  });

  it('needs to be opened, and is closed for good', async () => {
    const { clock, cluster, make } = await setup();
    const producer = make();
    await expect(clock.runUntil(producer.transact(upTo(1)))).rejects.toMatchObject({ code: 'NOT_RUNNING' });
    await clock.runUntil(producer.open());
    const last = producer.transact(upTo(1));
    expect(cluster.transactionalProducers()).toEqual([producer]);
    await clock.runUntil(Promise.all([producer.close(), producer.close()]));
    await last;
    expect(cluster.transactionalProducers()).toEqual([]);
    await expect(producer.transact(upTo(2))).rejects.toMatchObject({ code: 'NOT_RUNNING' });
    await expect(producer.open()).rejects.toMatchObject({ code: 'NOT_RUNNING' });
    expect(clock.pending).toBe(0);
  });
});

describe('open', () => {
  it('fences whoever had the id, also in the middle of a transaction', async () => {
    const { clock, cluster, open, reader, stored } = await setup({ latencyMs: 5 });
    const first = await open();
    const cut = outcome(first.transact(upTo(1)));
    await clock.advance(12); // topics known, records under way
    const second = await open();
    expect(await clock.runUntil(cut)).toMatchObject({ code: 'TRANSACTION_FENCED', canRetry: false });
    await clock.runUntil(second.transact(upTo(2)));
    for (const late of [first.transact(upTo(3)), first.open()])
      await expect(clock.runUntil(late)).rejects.toMatchObject({ code: 'TRANSACTION_FENCED' });
    await clock.advance(50);
    expect(cluster.records('out').map(({ value }) => String(value))).toEqual(['2']);
    expect(reader.offsets(0)).toHaveLength(1);
    expect(stored()?.offset).toBe(2);
  });

  it('resolves when what the former owner had committed is there to be read', async () => {
    const { clock, cluster, open, stored } = await setup({ latencyMs: ({ from, to }) => (from === to ? 500 : 5) });
    const first = await open();
    await clock.runUntil(first.transact(upTo(1)));
    expect(stored()).toBeUndefined();
    cluster.crash(first);
    await open();
    expect(stored()).toEqual({ offset: 1, metadata: 'm1' });
  });

  it('resolves when what the former owner had open is aborted', async () => {
    const { clock, cluster, open, stored } = await setup({ latencyMs: ({ from, to }) => (from === to ? 500 : 5) });
    const first = await open();
    void outcome(first.transact(upTo(1)));
    await clock.advance(22); // records written, offsets under way
    cluster.crash(first);
    await clock.advance(30_000);
    cluster.produce({ topic: 'out', partition: 0, value: 'behind' });
    expect(cluster.range('out', 0).high).toBe(0);
    await open();
    expect(cluster.range('out', 0).high).toBe(3);
    expect(cluster.records('out').map(({ value }) => String(value))).toEqual(['behind']);
    expect(stored()).toBeUndefined();
  });

  it('ends with CONNECTION where the connection drops, and may be called again', async () => {
    const { clock, cluster, make } = await setup({ latencyMs: 5 });
    const producer = make();
    const first = outcome(producer.open());
    await clock.advance(7);
    cluster.faults.dropConnection(producer, { lost: 'answers', reconnectAfterMs: 100 });
    expect(await first).toMatchObject({ code: 'CONNECTION', canRetry: true });
    await clock.runUntil(producer.open());
    await clock.runUntil(producer.transact(upTo(1)));
    await clock.runUntil(producer.close());
  });
});

describe('what goes wrong with a transaction', () => {
  it('a missing topic, for a record or an offset: SEND_FAILED, and nothing counts', async () => {
    const { clock, cluster, open, stored } = await setup();
    const producer = await open();
    const records = [...upTo(1).records, { topic: 'none', value: 'x' }];
    const offsets = [...upTo(1).offsets, { topic: 'none', partition: 0, offset: 1, metadata: '' }];
    for (const wrong of [{ records }, { offsets }]) {
      const failed = clock.runUntil(producer.transact({ ...upTo(1), ...wrong }));
      await expect(failed).rejects.toMatchObject({ code: 'SEND_FAILED', canRetry: false });
    }
    await clock.runUntil(producer.transact(upTo(2)));
    await clock.tick();
    expect([cluster.records('out').length, stored()?.offset]).toEqual([1, 2]);
  });

  it('metadata that is too large: COMMIT_METADATA_TOO_LARGE, and nothing counts', async () => {
    const { clock, cluster, open, stored } = await setup();
    const producer = await open();
    const offsets = [{ topic: 'in', partition: 0, offset: 1, metadata: 'x'.repeat(4_097) }];
    const failed = clock.runUntil(producer.transact({ ...upTo(1), offsets }));
    await expect(failed).rejects.toMatchObject({ name: 'CommitError', code: 'COMMIT_METADATA_TOO_LARGE' });
    await clock.tick();
    expect([cluster.records('out'), stored(), cluster.range('out', 0).high]).toEqual([[], undefined, 2]);
  });

  it('refused on demand: aborted, and counts once when it is sent again', async () => {
    const { clock, cluster, open, stored } = await setup();
    const producer = await open();
    cluster.faults.transaction({ transactionalId: 'other' });
    cluster.faults.transaction({ transactionalId: 'shop' });
    const { faults } = cluster;
    const later = [() => faults.produce(), () => faults.produce({ answerLost: true }), () => undefined];
    for (const next of later) {
      const failed = clock.runUntil(producer.transact(upTo(1)));
      await expect(failed).rejects.toMatchObject({ code: 'TRANSACTION_ABORTED', canRetry: true });
      next();
    }
    await clock.runUntil(producer.transact(upTo(1)));
    await clock.tick();
    expect([cluster.records('out').length, stored()?.offset]).toEqual([1, 1]);
  });

  it.each([
    ['answer', 1],
    ['request', undefined],
  ] as const)('the %s of its commit lost on demand: in doubt until the next open', async (lost, offset) => {
    const { clock, cluster, open, stored } = await setup();
    const producer = await open();
    cluster.faults.transaction({ lost });
    for (let times = 0; times < 2; times++) {
      const failed = clock.runUntil(producer.transact(upTo(1)));
      await expect(failed).rejects.toMatchObject({ code: 'TRANSACTION_IN_DOUBT', canRetry: false });
    }
    await clock.runUntil(producer.open());
    expect(stored()?.offset).toBe(offset);
    expect(cluster.records('out')).toHaveLength(offset ? 1 : 0);
    await clock.runUntil(producer.transact(upTo(2)));
    await clock.tick();
    expect(stored()?.offset).toBe(2);
  });

  it('a commit that is late on demand', async () => {
    const { clock, cluster, open, stored } = await setup();
    const producer = await open();
    cluster.faults.transaction({ commitDelayMs: 500 });
    const late = producer.transact(upTo(1));
    await clock.advance(499);
    expect(stored()).toBeUndefined();
    await clock.runUntil(late);
    await clock.tick();
    expect(stored()?.offset).toBe(1);
  });

  it('a connection that drops: in doubt only while the commit is under way, whole or nothing in any case', async () => {
    const codes = new Set<string>();
    for (const lost of ['requests', 'answers'] as const) {
      for (let afterMs = 1; afterMs < 50; afterMs += 2) {
        const { clock, cluster, open, stored } = await setup({ latencyMs: 5 });
        const producer = await open();
        const sent = outcome(producer.transact(upTo(1)));
        await clock.advance(afterMs);
        cluster.faults.dropConnection(producer, { lost, reconnectAfterMs: 10 });
        await clock.advance(1_000);
        const error = (await sent) as { code?: string } | undefined;
        codes.add(error?.code ?? 'ok');
        if (error?.code === 'TRANSACTION_IN_DOUBT') await clock.runUntil(producer.open());
        await clock.advance(100);
        const there = cluster.records('out').length;
        expect(stored()?.offset).toBe(there === 1 ? 1 : undefined);
        if (error === undefined) expect(there).toBe(1);
        if (error?.code === 'TRANSACTION_ABORTED') expect(there).toBe(0);
        // Nothing is left that holds up the readers.
        expect(cluster.records('out', 0)).toHaveLength(there);
        cluster.produce({ topic: 'out', partition: 0, value: 'behind' });
        expect(cluster.range('out', 0).high).toBe((cluster.records('out', 0).at(-1)?.offset ?? -1) + 1);
        await clock.runUntil(producer.close());
      }
    }
    expect([...codes].sort()).toEqual(['TRANSACTION_ABORTED', 'TRANSACTION_IN_DOUBT', 'ok']);
  });

  it('a request that arrives after the abort begins nothing', async () => {
    let slowMs = 5;
    const { clock, cluster, open } = await setup({ latencyMs: ({ to }) => (to === 'cluster' ? slowMs : 5) });
    const producer = await open();
    const sent = outcome(producer.transact(upTo(1)));
    await clock.advance(9); // the topics are being answered
    slowMs = 500;
    await clock.advance(3); // records are sent, and take long
    slowMs = 5;
    cluster.faults.dropConnection(producer, { lost: 'answers' });
    expect(await clock.runUntil(sent)).toMatchObject({ code: 'TRANSACTION_ABORTED' });
    await clock.advance(1_000);
    cluster.produce({ topic: 'out', partition: 0, value: 'behind' });
    expect(cluster.records('out').map(({ value }) => String(value))).toEqual(['behind']);
    expect(cluster.range('out', 0).high).toBe(1);
  });

  it('time that runs out: it is aborted and its producer fenced', async () => {
    const { clock, cluster, open, stored } = await setup({ transactionTimeoutMs: 1_000 });
    const producer = await open();
    cluster.faults.transaction({ commitDelayMs: 2_000 });
    const late = clock.runUntil(producer.transact(upTo(1)));
    await expect(late).rejects.toMatchObject({ code: 'TRANSACTION_FENCED' });
    expect([stored(), cluster.records('out')]).toEqual([undefined, []]);
    await clock.runUntil(producer.close());
    expect(clock.pending).toBe(0);
  });

  it('a group without a coordinator is waited for', async () => {
    const { clock, cluster, open, stored } = await setup();
    const producer = await open();
    cluster.faults.moveCoordinator('g', { forMs: 1_000 });
    const started = clock.now();
    await clock.runUntil(producer.transact(upTo(1)));
    expect(clock.now() - started).toBeGreaterThanOrEqual(1_000);
    await clock.tick();
    expect(stored()?.offset).toBe(1);
  });

  it('suspended: it waits, and finds itself fenced where somebody came meanwhile', async () => {
    const { clock, cluster, open } = await setup({ latencyMs: 5 });
    const first = await open();
    const sent = outcome(first.transact(upTo(1)));
    await clock.advance(12);
    cluster.suspend(first);
    await clock.advance(10_000);
    const second = await open();
    cluster.wake(first);
    await clock.advance(100);
    expect(await sent).toMatchObject({ code: 'TRANSACTION_FENCED' });
    await clock.runUntil(second.transact(upTo(1)));
  });
});
