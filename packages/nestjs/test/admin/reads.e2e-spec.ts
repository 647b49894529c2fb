import { createHash } from 'node:crypto';
import { Controller } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { describe, expect, it } from '@jest/globals';
import { KafkaWorker, KafkaWorkerModule, fixed } from '@kafka-worker/nestjs';
import type {
  GroupAnswer,
  GroupsAnswer,
  PartitionsAnswer,
  WorkerDetailAnswer,
  WorkersAnswer,
} from '@kafka-worker/nestjs/admin';
import { clusterWith } from '../support/app.js';
import { next, runtimeOf } from '../support/events.js';
import { adminApp, problem, storeOffset, type AdminAppOptions } from './support/admin-app.js';

@Controller()
class Shop {
  @KafkaWorker({ topic: 'orders', retry: { attempts: 1, backoff: fixed(1) } })
  onOrder(@Payload() value: string): void {
    if (value === 'poison') throw new Error('cannot read poison');
  }
  @KafkaWorker({ topic: 'mails', groupId: 'mailing', concurrency: 'unordered', limit: 4 })
  onMail(): void {}
}

async function shop(options: Partial<AdminAppOptions> = {}) {
  const cluster = clusterWith('orders', 'mails');
  const app = await adminApp({ cluster, controllers: [Shop], ...options });
  return { cluster, ...app, runtime: runtimeOf(app.app) };
}

/** A group with a frozen partition: two records done, one frozen, one behind it. */
async function frozenShop(options: Partial<AdminAppOptions> = {}) {
  const made = await shop(options);
  const { cluster, runtime } = made;
  const frozen = next(runtime, 'frozen');
  for (const value of ['1', '2', 'poison', '3']) cluster.produce({ topic: 'orders', partition: 1, key: 'ann', value });
  await frozen;
  await runtime.commit();
  return made;
}

describe.each([false, true])('reading, hybrid: %s', (hybrid) => {
  it('GET groups says what this process is a member of', async () => {
    const { get } = await frozenShop({ hybrid });
    const { status, type, body } = await get<GroupsAnswer>('kafka/groups');
    expect([status, type]).toEqual([200, expect.stringContaining('application/json')]);
    expect(body).toEqual({
      connections: [{ name: 'default', state: 'RUNNING', driver: 'in-memory', running: 0 }],
      groups: [
        {
          ...{ groupId: 'group', connection: 'default', workers: ['Shop#onOrder'] },
          ...{ state: 'joined', memberId: expect.stringMatching(/^in-memory/), generation: 1, error: null },
          protocol: expect.any(String),
          lastRebalance: { at: expect.any(Number), durationMs: expect.any(Number), assigned: 2, revoked: 0, kept: 0 },
          ...{ partitions: 2, lag: 2, frozen: 1, paused: 0 },
        },
        expect.objectContaining({ groupId: 'mailing', workers: ['Shop#onMail'], partitions: 2, lag: 0, frozen: 0 }),
      ],
    });
  });

  it('GET groups/:groupId asks the brokers: members, partitions, committed, end, lag and owner', async () => {
    const { get, cluster } = await frozenShop({ hybrid });
    const { status, body } = await get<GroupAnswer>('kafka/groups/group');
    expect(status).toBe(200);
    const memberId = cluster.group('group').members[0]?.memberId;
    expect(body).toMatchObject({ groupId: 'group', connection: 'default', state: 'Stable', lag: 2 });
    expect(body.membership).toMatchObject({ state: 'joined', memberId, generation: 1 });
    const [first, second] = [0, 1].map((partition) => ({ topic: 'orders', partition }));
    expect(body.members).toEqual([
      { memberId, clientId: 'in-memory', host: expect.any(String), self: true, partitions: [first, second] },
    ]);
    const owner = { owner: memberId, ownerClientId: 'in-memory' };
    expect(body.partitions).toEqual([
      { ...first, committed: 0, end: 0, lag: 0, ...owner },
      { ...second, committed: 2, end: 4, lag: 2, ...owner },
    ]);
    // held, and nothing committed
    const mailing = await get<GroupAnswer>('kafka/groups/mailing');
    expect(mailing.body).toMatchObject({
      lag: 0,
      partitions: [{ topic: 'mails', partition: 0, owner: expect.any(String) }, {}],
    });
  });

  it('GET workers and workers/:worker, by # and by dot', async () => {
    const { get } = await frozenShop({ hybrid });
    const { body } = await get<WorkersAnswer>('kafka/workers');
    expect(body.workers.map(({ id }) => id)).toEqual(['Shop#onOrder', 'Shop#onMail']);
    expect(body.workers[0]).toMatchObject({
      ...{ connection: 'default', groupId: 'group', via: hybrid ? 'strategy' : 'discovery', topics: ['orders'] },
      ...{ concurrency: 'partition', limit: 16, paused: false, held: 2, lag: 2 },
      dispositions: expect.objectContaining({ done: 2, frozen: 1 }),
    });
    const byHash = await get<WorkerDetailAnswer>('kafka/workers/Shop%23onOrder');
    expect(byHash.status).toBe(200);
    const stable = ({ partitions, ...worker }: WorkerDetailAnswer) => ({
      ...worker,
      partitions: partitions.map(({ topic, partition, frontier }) => ({ topic, partition, frontier })),
    });
    expect(stable((await get<WorkerDetailAnswer>('kafka/workers/Shop.onOrder')).body)).toEqual(stable(byHash.body));
    expect(byHash.body).toMatchObject({ id: 'Shop#onOrder', held: 2 });
    expect(byHash.body.partitions).toMatchObject([
      { partition: 0, committed: 0, frontier: 0, frozen: [] },
      { partition: 1, committed: 2, frontier: 2, lag: 2, heldBy: { offset: 2, state: 'frozen', attempt: 1 } },
    ]);
  });

  it('GET partitions, all and some', async () => {
    const { get } = await frozenShop({ hybrid });
    const of = async (query: string) =>
      (await get<PartitionsAnswer>(`kafka/partitions${query}`)).body.partitions.map(
        ({ groupId, topic, partition }) => `${groupId} ${topic}/${partition}`,
      );
    const orders = ['group orders/0', 'group orders/1'];
    const mails = ['mailing mails/0', 'mailing mails/1'];
    expect(await of('')).toEqual([...orders, ...mails]);
    expect(await of('?groupId=mailing')).toEqual(mails);
    expect(await of('?topic=orders')).toEqual(orders);
    expect(await of('?worker=Shop.onMail')).toEqual(mails);
    expect(await of('?connection=default&topic=nothing')).toEqual([]);
  });
});

it('two members of a group each know themselves, and who has what', async () => {
  const { cluster, get, runtime } = await shop();
  const rebalanced = next(
    runtime,
    'group.rebalanced',
    ({ groupId, revoked }) => groupId === 'group' && revoked.length === 1,
  );
  const other = await adminApp({
    cluster,
    controllers: [Shop],
    kafka: { driver: cluster.driver({ clientId: 'other' }) },
  });
  await rebalanced;
  const answers = [await get<GroupAnswer>('kafka/groups/group'), await other.get<GroupAnswer>('kafka/groups/group')];
  const [first, second] = answers.map(({ body }) => body);
  expect(first?.members.map(({ clientId, self }) => [clientId, self])).toEqual([
    ['in-memory', true],
    ['other', false],
  ]);
  expect(second?.members.map(({ clientId, self }) => [clientId, self])).toEqual([
    ['in-memory', false],
    ['other', true],
  ]);
  expect(first?.partitions.map(({ ownerClientId }) => ownerClientId).toSorted()).toEqual(['in-memory', 'other']);
  expect(second?.partitions).toEqual(first?.partitions);
});

describe('groups of others', () => {
  it('are named with all=true', async () => {
    const { get, cluster } = await shop();
    await storeOffset(cluster, 'batch', { topic: 'orders', partition: 0, offset: 0 });
    const { body } = await get<GroupsAnswer>('kafka/groups?all=true');
    expect(body.groups.map(({ groupId }) => groupId)).toEqual(['group', 'mailing']);
    expect(body.others).toEqual([{ groupId: 'batch', connection: 'default' }]);
    expect((await get<GroupsAnswer>('kafka/groups?all=false')).body.others).toBeUndefined();
  });

  it('are described too, without members as well', async () => {
    const { get, cluster } = await shop();
    for (let i = 0; i < 5; i++) cluster.produce({ topic: 'orders', partition: 0, value: 'x' });
    await storeOffset(cluster, 'batch', { topic: 'orders', partition: 0, offset: 3 });
    expect((await get<GroupAnswer>('kafka/groups/batch')).body).toEqual({
      ...{ groupId: 'batch', connection: 'default', state: 'Empty', protocol: '', membership: null, members: [] },
      partitions: [{ topic: 'orders', partition: 0, committed: 3, end: 5, lag: 2, owner: null, ownerClientId: null }],
      lag: 2,
    });
  });
});

describe('what is not there', () => {
  it.each([
    ['kafka/groups/nobody', "no cluster knows a group 'nobody'", ['group', 'mailing']],
    ['kafka/workers/Shop%23off', "there is no worker 'Shop#off'", ['Shop#onOrder', 'Shop#onMail']],
    ['kafka/workers?connection=audit', "there is no connection 'audit'", ['default']],
    ['kafka/groups/group?connection=audit', "there is no connection 'audit'", ['default']],
  ])('%s is a problem that names what is', async (path, detail, exists) => {
    const { get } = await shop();
    const answer = await get(path);
    expect(answer.status).toBe(404);
    expect(problem(answer)).toEqual({
      type: 'urn:kafka-worker:problem:unknown-target',
      title: 'There is no such target',
      ...{ status: 404, detail, exists },
    });
  });

  it('a query that is wrong is refused, with every mistake', async () => {
    const { get } = await shop();
    const answer = await get('kafka/groups?all=yes&al=true&connection=');
    expect(answer.status).toBe(400);
    expect(problem(answer)).toMatchObject({ type: 'urn:kafka-worker:problem:validation' });
    expect(problem(answer).mistakes).toEqual([
      {
        ...{ in: 'query', field: 'al', allowed: 'connection, all' },
        message: 'al: there is no such field; allowed: connection, all',
      },
      expect.objectContaining({ in: 'query', field: 'connection', value: "''", allowed: 'a text that is not empty' }),
      {
        ...{ in: 'query', field: 'all', value: "'yes'", allowed: 'true or false' },
        message: "all: 'yes' is not allowed; true or false is",
      },
    ]);
  });
});

describe('several connections', () => {
  @Controller()
  class Both {
    @KafkaWorker({ topic: 'orders' })
    onShop(): void {}
    @KafkaWorker({ topic: 'orders', name: 'audit' })
    onAudit(): void {}
  }
  async function both(auditGroup: string) {
    const [cluster, audit] = [clusterWith('orders'), clusterWith('orders', 'log')];
    const second = KafkaWorkerModule.forRoot({
      name: 'audit',
      driver: audit.driver({ clientId: 'auditor' }),
      consumer: { groupId: auditGroup },
    });
    return { cluster, audit, ...(await adminApp({ cluster, controllers: [Both], imports: [second] })) };
  }

  it('are covered all', async () => {
    const { get } = await both('auditing');
    const groups = (await get<GroupsAnswer>('kafka/groups')).body;
    expect(groups.connections.map(({ name }) => name)).toEqual(expect.arrayContaining(['default', 'audit']));
    expect(groups.groups.map(({ groupId, connection }) => `${connection} ${groupId}`).toSorted()).toEqual([
      'audit auditing',
      'default group',
    ]);
    expect((await get<GroupAnswer>('kafka/groups/auditing')).body).toMatchObject({
      connection: 'audit',
      members: [{ clientId: 'auditor', self: true }],
    });
    const of = async (query: string) => (await get<WorkersAnswer>(`kafka/workers${query}`)).body.workers;
    expect((await of('')).length).toBe(2);
    expect((await of('?connection=audit')).map(({ id, connection }) => [id, connection])).toEqual([
      ['Both#onAudit', 'audit'],
    ]);
  });

  it('a group that several have has to be named with its connection', async () => {
    const { get } = await both('group');
    const refused = await get('kafka/groups/group');
    expect(refused.status).toBe(400);
    expect(problem(refused).mistakes).toEqual([expect.objectContaining({ in: 'query', field: 'connection' })]);
    expect(problem(refused).detail).toContain("'default' or 'audit'");
    for (const connection of ['default', 'audit']) {
      const { body } = await get<GroupAnswer>(`kafka/groups/group?connection=${connection}`);
      expect([body.connection, body.members[0]?.clientId]).toEqual([
        connection,
        connection === 'audit' ? 'auditor' : 'in-memory',
      ]);
    }
  });

  it('a group this process is no member of is looked for in each', async () => {
    const { get, audit, cluster } = await both('auditing');
    await storeOffset(audit, 'batch', { topic: 'log', partition: 1, offset: 0 });
    expect((await get<GroupAnswer>('kafka/groups/batch')).body).toMatchObject({ connection: 'audit', state: 'Empty' });
    await storeOffset(cluster, 'batch', { topic: 'orders', partition: 1, offset: 0 });
    expect((await get('kafka/groups/batch')).status).toBe(400);
    expect((await get<GroupAnswer>('kafka/groups/batch?connection=default')).body.partitions).toMatchObject([
      { topic: 'orders' },
    ]);
  });
});

describe('keys and errors in answers', () => {
  const held = async (admin: AdminAppOptions['admin']) => {
    const { get } = await frozenShop(admin ? { admin } : {});
    const { body } = await get<PartitionsAnswer>('kafka/partitions?topic=orders');
    const partition = body.partitions[1];
    return [partition?.heldBy?.key, partition?.frozen[0]?.key, partition?.heldBy?.error, partition?.frozen[0]?.error];
  };
  const error = 'cannot read poison';
  const hash = `sha256:${createHash('sha256').update('ann').digest('hex').slice(0, 16)}`;

  it('keys are hashed, errors are shown', async () =>
    expect(await held(undefined)).toEqual([hash, hash, error, error]));
  it('keys as they are', async () => expect(await held({ keys: 'shown' })).toEqual(['ann', 'ann', error, error]));
  it('neither', async () =>
    expect(await held({ keys: 'hidden', errors: 'hidden' })).toEqual(Array(4).fill('(hidden)')));
});
