import { Controller } from '@nestjs/common';
import { describe, expect, it } from '@jest/globals';
import { KafkaWorker } from '@kafka-worker/nestjs';
import { clusterWith } from '../support/app.js';
import { adminApp, problem } from './support/admin-app.js';
import { UnsteadyDriver } from './support/unsteady-driver.js';

@Controller()
class Shop {
  @KafkaWorker({ topic: 'orders' })
  onOrder(): void {}
}

async function shop(answerMs?: number) {
  const cluster = clusterWith('orders');
  const unsteady = new UnsteadyDriver(cluster.driver());
  const app = await adminApp({
    cluster,
    controllers: [Shop],
    kafka: { driver: unsteady.driver },
    admin: { commands: 'unguarded', ...(answerMs !== undefined && { answerMs }) },
  });
  // the engine has had one to look at the topics
  const before = { opened: unsteady.opened, closed: unsteady.closed };
  const opened = () => [unsteady.opened - before.opened, unsteady.closed - before.closed];
  return { ...app, cluster, unsteady, opened };
}

it('a log that is cut while a seek looks at it is a conflict', async () => {
  const { post, cluster, unsteady } = await shop();
  for (const value of ['a', 'b']) cluster.produce({ topic: 'orders', partition: 0, value });
  unsteady.meanwhile = () => cluster.deleteRecordsBefore('orders', 0, 1);
  const answer = await post('kafka/workers/Shop.onOrder/seek', { topic: 'orders', partition: 0, to: 'beginning' });
  expect([answer.status, problem(answer)]).toMatchObject([
    409,
    { type: 'urn:kafka-worker:problem:conflict', code: 'UNKNOWN_TARGET', detail: expect.stringContaining('orders/0') },
  ]);
});

describe('brokers that are away', () => {
  it.each(['refuses', 'unreachable'] as const)('%s: 503, and the next question gets another client', async (mood) => {
    const { get, unsteady, opened } = await shop();
    unsteady.mood = mood;
    for (let i = 1; i <= 2; i++) {
      const answer = await get('kafka/groups/group');
      expect(answer.status).toBe(503);
      expect(problem(answer)).toEqual({
        type: 'urn:kafka-worker:problem:broker-away',
        title: 'The cluster does not answer',
        status: 503,
        detail: "the cluster of connection 'default' did not answer: no broker could be reached",
        code: 'CONNECTION',
      });
      expect(opened()).toEqual([i, i]);
    }
    unsteady.mood = 'well';
    expect((await get('kafka/groups/group')).status).toBe(200);
    expect((await get('kafka/groups?all=true')).status).toBe(200);
    expect(opened()).toEqual([3, 2]);
  });

  it('that do not answer are waited for no longer than answerMs', async () => {
    const { get, unsteady, opened } = await shop(30);
    unsteady.mood = 'silent';
    const answer = await get('kafka/groups/group');
    expect(answer.status).toBe(503);
    expect(problem(answer).detail).toBe("the cluster of connection 'default' did not answer within 30 ms");
    expect(opened()).toEqual([1, 1]);
    unsteady.mood = 'well';
    expect((await get('kafka/groups/group')).status).toBe(200);
  });

  it('what asks no broker goes on', async () => {
    const { get, unsteady, opened } = await shop();
    unsteady.mood = 'unreachable';
    for (const path of ['groups', 'workers', 'workers/Shop.onOrder', 'partitions'])
      expect((await get(`kafka/${path}`)).status).toBe(200);
    expect(opened()).toEqual([0, 0]);
  });

  it('fail a seek, and the audit says so', async () => {
    const { post, unsteady, heard } = await shop();
    unsteady.mood = 'refuses';
    const answer = await post('kafka/workers/Shop.onOrder/seek', { to: 'end' });
    expect([answer.status, problem(answer).code]).toEqual([503, 'CONNECTION']);
    expect(heard).toMatchObject([{ command: 'seek', outcome: 'failed', status: 503, body: { to: 'end' } }]);
  });

  it('one admin client serves all, and is closed with the application', async () => {
    const { app, get, opened } = await shop();
    await Promise.all([1, 2, 3].map(() => get('kafka/groups/group')));
    expect(opened()).toEqual([1, 0]);
    await app.close();
    expect(opened()).toEqual([1, 1]);
  });
});
