import { Controller } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { describe, expect, it } from '@jest/globals';
import { exactlyOnce, fixed, KafkaWorker, KafkaWorkerModule } from '@kafka-worker/nestjs';
import type { SeekAnswer, StandingsAnswer, WorkerDetailAnswer } from '@kafka-worker/nestjs/admin';
import { clusterWith } from '../support/app.js';
import { Calls } from '../support/calls.js';
import { next, runtimeOf } from '../support/events.js';
import { MemoryStore } from '../support/stores.js';
import { adminApp, problem, type AdminAppOptions } from './support/admin-app.js';

const ORDER = 'kafka/workers/Shop.onOrder';

async function shop(options: Partial<AdminAppOptions> = {}) {
  const calls = new Calls<string>();
  const release = new Map<string, () => void>();
  @Controller()
  class Shop {
    @KafkaWorker({ topics: ['orders', 'returns'], retry: { attempts: 1, backoff: fixed(1) } })
    async onOrder(@Payload() value: string): Promise<void> {
      calls.add(value);
      if (value.startsWith('slow')) await new Promise<void>((resolve) => release.set(value, resolve));
      if (value.startsWith('poison')) throw new Error(`cannot read ${value}`);
    }
    @KafkaWorker({ topic: 'bills', groupId: 'billing', concurrency: 'serial' })
    onBill(): void {}
    @KafkaWorker({ topic: 'rows', groupId: 'rows', delivery: exactlyOnce(new MemoryStore(0)) })
    onRow(): void {}
  }
  const cluster = clusterWith('orders', 'returns', 'bills', 'rows');
  const app = await adminApp({ cluster, controllers: [Shop], admin: { commands: 'unguarded' }, ...options });
  const produce = (partition: number, ...values: string[]): void => {
    for (const value of values) cluster.produce({ topic: 'orders', partition, value });
  };
  return { cluster, calls, release, produce, ...app, runtime: runtimeOf(app.app) };
}

const standing = (topic: string, partition: number, parts: object = {}) => {
  return { topic, partition, paused: false, frozen: 0, ...parts };
};

describe.each([false, true])('commands, hybrid: %s', (hybrid) => {
  it('pause and resume a worker, and partitions of it', async () => {
    const { post, get, produce, calls, heard, runtime } = await shop({ hybrid });
    const head = { connection: 'default', worker: 'Shop#onOrder', groupId: 'group' };
    const whole = await post<StandingsAnswer>(`${ORDER}/pause`);
    expect(whole).toMatchObject({ status: 200, body: { command: 'pause', ...head } });
    expect(whole.body.partitions.map(({ paused }) => paused)).toEqual([true, true, true, true]);
    expect((await get<WorkerDetailAnswer>(ORDER)).body.paused).toBe(true);
    produce(0, 'a');
    produce(1, 'b');
    expect((await post(`${ORDER}/resume`, {})).body).toMatchObject({ command: 'resume' });
    await calls.reached(2);

    const one = await post<StandingsAnswer>(`${ORDER}/pause`, { topic: 'orders', partition: 1 });
    expect(one.body.partitions).toEqual([standing('orders', 1, { paused: true })]);
    const some = await post<StandingsAnswer>(`${ORDER}/pause`, { topic: 'returns' });
    expect(some.body.partitions).toEqual([0, 1].map((partition) => standing('returns', partition, { paused: true })));
    const settled = next(runtime, 'record.settled');
    produce(1, 'held');
    produce(0, 'c');
    expect(await settled).toMatchObject({ partition: 0, offset: 1 });
    expect(calls.all.at(-1)).toBe('c');
    await post(`${ORDER}/resume`, { topic: 'orders' });
    expect((await calls.reached(4)).at(-1)).toBe('held');
    expect(heard.map(({ command, outcome, target }) => ({ command, outcome, target }))).toEqual([
      { command: 'pause', outcome: 'done', target: { worker: 'Shop.onOrder' } },
      { command: 'resume', outcome: 'done', target: { worker: 'Shop.onOrder' } },
      { command: 'pause', outcome: 'done', target: { worker: 'Shop.onOrder', topic: 'orders', partition: 1 } },
      { command: 'pause', outcome: 'done', target: { worker: 'Shop.onOrder', topic: 'returns' } },
      { command: 'resume', outcome: 'done', target: { worker: 'Shop.onOrder', topic: 'orders' } },
    ]);
  });

  it('freeze and unfreeze, with skip too', async () => {
    const { post, produce, calls, runtime } = await shop({ hybrid });
    const stopped = await post<StandingsAnswer>(`${ORDER}/freeze`, { topic: 'orders', partition: 0 });
    expect(stopped.body.partitions).toEqual([standing('orders', 0, { frozen: 1 })]);
    produce(0, 'poison');
    produce(1, 'b');
    await calls.reached(1);
    const frozen = next(runtime, 'frozen', ({ reason }) => reason === 'attempts');
    const free = await post<StandingsAnswer>(`${ORDER}/unfreeze`, { topic: 'orders', partition: 0 });
    expect(free.body.partitions).toEqual([standing('orders', 0)]);
    await frozen;
    expect(calls.all).toEqual(['b', 'poison']);

    const again = next(runtime, 'frozen');
    await post(`${ORDER}/unfreeze`, { topic: 'orders' });
    await again;
    expect(calls.all).toEqual(['b', 'poison', 'poison']);
    const skipped = next(runtime, 'record.settled', ({ disposition }) => disposition === 'skipped');
    await post(`${ORDER}/unfreeze`, { skip: true });
    expect(await skipped).toMatchObject({ topic: 'orders', partition: 0, offset: 0 });
  });

  it('seek to the beginning, the end, an offset and a time, and commit it', async () => {
    const { post, produce, calls, cluster } = await shop({ hybrid });
    const timestamps = [1_000, 2_000, 3_000];
    for (const timestamp of timestamps)
      cluster.produce({ topic: 'orders', partition: 0, value: String(timestamp), timestamp });
    produce(1, 'other');
    await calls.reached(4);
    const seek = async (to: unknown, place: object = { topic: 'orders', partition: 0 }) =>
      (await post<SeekAnswer>(`${ORDER}/seek`, { ...place, to })).body.partitions;
    const from = (offset: number, to: number) => [{ topic: 'orders', partition: 0, from: offset, to }];

    expect(await seek({ offset: 2 })).toEqual(from(3, 2));
    expect((await calls.reached(5)).slice(4)).toEqual(['3000']);
    expect(await seek({ timestamp: 1_500 })).toEqual(from(3, 1));
    expect((await calls.reached(7)).slice(5)).toEqual(['2000', '3000']);
    expect(await seek({ timestamp: '1970-01-01T00:00:03Z' })).toEqual(from(3, 2));
    await calls.reached(8);
    expect(await seek({ timestamp: 4_000 })).toEqual(from(3, 3));
    await post(`${ORDER}/pause`);
    expect(await seek('beginning', { topic: 'orders' })).toEqual([
      ...from(3, 0),
      { topic: 'orders', partition: 1, from: 1, to: 0 },
    ]);
    expect([0, 1].map((partition) => cluster.committed('group', 'orders', partition)?.offset)).toEqual([0, 0]);
    expect(await seek('end', {})).toMatchObject([
      ...from(0, 3),
      { topic: 'orders', partition: 1, from: 0, to: 1 },
      { topic: 'returns', from: 0, to: 0 },
      { topic: 'returns', from: 0, to: 0 },
    ]);
    expect([0, 1].map((partition) => cluster.committed('group', 'orders', partition)?.offset)).toEqual([3, 1]);
    expect(calls.all.length).toBe(8);
  });

  it('limit', async () => {
    const { post, get } = await shop({ hybrid });
    expect((await post(`${ORDER}/limit`, { limit: 3 })).body).toEqual({
      ...{ command: 'limit', connection: 'default', worker: 'Shop#onOrder', groupId: 'group', limit: 3, before: 16 },
    });
    expect((await get<WorkerDetailAnswer>(ORDER)).body.limit).toBe(3);
  });

  it('drain answers when it has begun, and what runs finishes', async () => {
    const { post, get, produce, calls, release, runtime, cluster, heard } = await shop({ hybrid });
    produce(0, 'slow');
    await calls.reached(1);
    const stopped = next(runtime, 'engine.state', ({ state }) => state === 'STOPPED');
    expect(await post('kafka/drain')).toMatchObject({
      status: 202,
      body: { command: 'drain', connections: [{ name: 'default', state: 'DRAINING', running: 1 }] },
    });
    expect(heard).toMatchObject([{ command: 'drain', outcome: 'accepted', status: 202, target: {} }]);
    // told apart from what does not exist
    const late = await post(`${ORDER}/pause`);
    expect([late.status, problem(late).detail]).toEqual([503, "connection 'default' is DRAINING"]);
    release.get('slow')?.();
    await stopped;
    expect(cluster.committed('group', 'orders', 0)?.offset).toBe(1);
    expect((await post('kafka/drain', {})).body).toMatchObject({ connections: [{ state: 'STOPPED' }] });
    expect((await get('kafka/groups')).body).toMatchObject({ groups: [{ state: 'stopped' }, {}, {}] });
    expect((await get('kafka/groups/group')).body).toMatchObject({ state: 'Empty', members: [] });
  });
});

describe('a command that is wrong', () => {
  it('is refused with every mistake at once: field, value, what is allowed', async () => {
    const { post, runtime, heard } = await shop();
    const before = runtime.inspect();
    const answer = await post(`${ORDER}/seek?conection=x`, {
      ...{ topic: 7, partition: -1, to: { offset: 'x' }, password: 'secret' },
    });
    expect([answer.status, problem(answer).type]).toEqual([400, 'urn:kafka-worker:problem:validation']);
    const of = ({ field, value, allowed }: { field: string; value?: string; allowed: string }) =>
      [field, value, allowed].filter(Boolean).join(' | ');
    expect(problem(answer).mistakes?.map(of)).toEqual([
      'conection | connection',
      'password | topic, partition, to',
      'topic | 7 | a text that is not empty',
      'partition | -1 | a whole number of 0 or more',
      expect.stringMatching(
        /^to \| \{"offset":"x"\} \| 'beginning', 'end', \{ offset: whole number of 0 or more \} or/,
      ),
    ]);
    expect(problem(answer).detail).toContain('partition: -1 is not allowed; a whole number of 0 or more is; ');
    expect(runtime.inspect().groups.map(({ partitions }) => partitions.map(({ epoch }) => epoch))).toEqual(
      before.groups.map(({ partitions }) => partitions.map(({ epoch }) => epoch)),
    );
    // what nobody knows is told nobody
    expect(JSON.stringify([heard, problem(answer)])).not.toContain('secret');
    expect(heard).toMatchObject([
      {
        command: 'seek',
        outcome: 'refused',
        status: 400,
        body: { topic: '7', partition: '-1' },
        problem: { status: 400 },
      },
    ]);
  });

  it.each([
    ['pause', { partition: 1 }, 'topic is missing; the topic of the partition is needed'],
    ['seek', {}, 'to is missing; '],
    ['seek', { to: { offset: 1 } }, 'topic is missing; the topic of the offset is needed; partition is missing; '],
    ['seek', { to: { offset: 1, timestamp: 1 } }, 'to: {"offset":1,"timestamp":1} is not allowed; '],
    ['seek', { to: { timestamp: '2026-01-31' } }, 'to: {"timestamp":"2026-01-31"} is not allowed; '],
    ['limit', {}, 'limit is missing; a whole number of 1 or more is needed'],
    ['limit', { limit: 0 }, 'limit: 0 is not allowed; a whole number of 1 or more is'],
    ['limit', { limit: 1.5 }, 'limit: 1.5 is not allowed'],
    ['unfreeze', { skip: 'true' }, "skip: 'true' is not allowed; true or false is"],
    ['freeze', [], 'the body: [] is not allowed; an object is'],
  ])('%s %j', async (command, body, detail) => {
    const { post } = await shop();
    const answer = await post(`${ORDER}/${command}`, body);
    expect([answer.status, problem(answer).detail.startsWith(detail), problem(answer).detail]).toEqual([
      400,
      true,
      expect.anything(),
    ]);
  });

  it('long values are cut', async () => {
    const { post, heard } = await shop();
    const answer = await post(`${ORDER}/limit`, { limit: 'x'.repeat(10_000) });
    expect(problem(answer).mistakes?.[0]?.value?.length).toBe(101);
    expect(JSON.stringify(heard).length).toBeLessThan(1_500);
  });

  it.each(['text/plain', 'application/x-www-form-urlencoded'])('a body in %s is not passed over', async (type) => {
    const { post, runtime } = await shop();
    const answer = await post(`${ORDER}/pause`, '{"topic":"orders"}', { 'content-type': type });
    expect([answer.status, problem(answer).type]).toEqual([415, 'about:blank']);
    expect(runtime.inspect().groups[0]?.workers[0]?.paused).toBe(false);
  });

  it.each([
    [
      'workers/Shop.off/pause',
      undefined,
      "there is no worker 'Shop.off'",
      ['Shop#onOrder', 'Shop#onBill', 'Shop#onRow'],
    ],
    [
      'workers/Shop.onBill/freeze',
      { topic: 'orders' },
      "Shop#onBill holds no partition of topic 'orders' in this process",
      ['bills/0', 'bills/1'],
    ],
    [
      'workers/Shop%23onBill/seek',
      { topic: 'bills', partition: 2, to: 'end' },
      "Shop#onBill holds no partition 'bills/2' in this process",
      ['bills/0', 'bills/1'],
    ],
    ['drain?connection=audit', undefined, "there is no connection 'audit'", ['default']],
  ])('%s %j: 404 with what there is', async (path, body, detail, exists) => {
    const { post, heard } = await shop();
    const answer = await post(`kafka/${path}`, body);
    expect([answer.status, problem(answer)]).toMatchObject([404, { detail, exists }]);
    expect(heard).toMatchObject([{ outcome: 'refused', status: 404 }]);
  });

  it('an offset that is not in the log is a mistake that names what is', async () => {
    const { post, produce } = await shop();
    produce(0, 'a');
    const answer = await post(`${ORDER}/seek`, { topic: 'orders', partition: 0, to: { offset: 2 } });
    expect(problem(answer).mistakes).toMatchObject([
      { in: 'body', field: 'to.offset', value: '2', allowed: expect.stringContaining('orders/0, 0 to 1') },
    ]);
  });

  it('a limit above 1 of a serial worker is a conflict', async () => {
    const { post } = await shop();
    const answer = await post('kafka/workers/Shop.onBill/limit', { limit: 2 });
    expect([answer.status, problem(answer)]).toMatchObject([
      409,
      { type: 'urn:kafka-worker:problem:conflict', code: 'CONFIGURATION', detail: expect.stringContaining("'serial'") },
    ]);
  });

  it('a seek of exactly-once is a conflict', async () => {
    const { post } = await shop();
    const answer = await post('kafka/workers/Shop.onRow/seek', { to: 'beginning' });
    expect([answer.status, problem(answer).code]).toEqual([409, 'NOT_TRANSACTIONAL']);
  });

  it('a commit that the brokers do not take fails the seek, which says what was moved before', async () => {
    const { post, cluster, heard } = await shop();
    cluster.faults.commit({ answerDelayMs: 1, groupId: 'billing' });
    cluster.faults.commit({ code: 'COMMIT_FENCED', groupId: 'billing' });
    const answer = await post('kafka/workers/Shop.onBill/seek', { to: 'beginning' });
    expect([answer.status, problem(answer)]).toMatchObject([
      409,
      { code: 'COMMIT_FENCED', sought: [{ topic: 'bills', partition: 0, from: 0, to: 0 }] },
    ]);
    expect(heard).toMatchObject([{ outcome: 'refused', status: 409, problem: { sought: [{ partition: 0 }] } }]);
  });

  it('workers that were not started: 503', async () => {
    const { post, get, heard } = await shop({ kafka: { autoStart: false } });
    for (const answer of [await post(`${ORDER}/pause`), await get(ORDER)]) {
      expect([answer.status, problem(answer).type]).toEqual([503, 'urn:kafka-worker:problem:not-running']);
    }
    expect(heard).toMatchObject([{ outcome: 'failed', status: 503 }]);
  });
});

describe('several connections', () => {
  it('a command goes to the one that has the worker, a drain to all or one', async () => {
    const audit = clusterWith('orders');
    @Controller()
    class Audit {
      @KafkaWorker({ topic: 'orders', name: 'audit' })
      onAudit(): void {}
    }
    const second = KafkaWorkerModule.forRoot({
      name: 'audit',
      driver: audit.driver(),
      consumer: { groupId: 'group' },
    });
    const { post, app, heard } = await shop({ imports: [second], controllers: [Audit] });
    const [shopRuntime, auditRuntime] = [runtimeOf(app), runtimeOf(app, 'audit')];
    expect((await post('kafka/workers/Audit.onAudit/pause')).body).toMatchObject({ connection: 'audit' });
    expect(auditRuntime.inspect().groups[0]?.workers[0]?.paused).toBe(true);
    expect((await post('kafka/workers/Audit.onAudit/resume?connection=default')).status).toBe(404);
    expect((await post('kafka/workers/Audit.onAudit/resume?connection=audit')).status).toBe(200);
    expect((await post('kafka/drain?connection=audit')).body).toMatchObject({ connections: [{ name: 'audit' }] });
    expect([shopRuntime.state, auditRuntime.state === 'RUNNING']).toEqual(['INITIALIZED', false]);
    expect(heard.at(-1)?.target).toEqual({ connection: 'audit' });
    expect((await post('kafka/drain')).body).toMatchObject({ connections: [{}, {}] });
  });
});
