import { Controller } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import { describe, expect, it } from '@jest/globals';
import { fixed, KafkaWorker } from '@kafka-worker/nestjs';
import type { JsonSchema } from '../../src/admin/json-schema.js';
import { clusterWith } from '../support/app.js';
import { next, runtimeOf } from '../support/events.js';
import { adminApp, type AdminAppOptions, type Answer } from './support/admin-app.js';
import { violations } from './support/json-schema.js';

@Controller()
class Shop {
  @KafkaWorker({ topic: 'orders', retry: { attempts: 1, backoff: fixed(1) } })
  onOrder(@Payload() value: string): void {
    if (value === 'poison') throw new Error('cannot read poison');
  }
}

async function shop(admin: AdminAppOptions['admin'] = { commands: 'unguarded' }) {
  const cluster = clusterWith('orders');
  const app = await adminApp({ cluster, controllers: [Shop], ...(admin && { admin }) });
  const document = SwaggerModule.createDocument(app.app, new DocumentBuilder().setTitle('shop').build());
  return { ...app, cluster, document };
}

/** As the document has it: as much as is looked at here. */
interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly tags: readonly string[];
  readonly parameters: readonly { readonly name: string; readonly in: string; readonly required: boolean }[];
  readonly requestBody?: {
    readonly required?: boolean;
    readonly content: Record<string, { readonly schema: JsonSchema }>;
  };
  readonly responses: Record<string, { readonly content?: Record<string, { readonly schema: JsonSchema }> }>;
}

function operations({ paths }: OpenAPIObject): Map<string, Operation> {
  return new Map(
    Object.entries(paths).flatMap(([path, item]) =>
      Object.entries(item as Record<string, Operation>).map(
        ([method, operation]) => [`${method.toUpperCase()} ${path}`, operation] as const,
      ),
    ),
  );
}

const READS = ['/groups', '/groups/{groupId}', '/workers', '/workers/{worker}', '/partitions'].map(
  (path) => `GET /kafka${path}`,
);
const COMMANDS = [
  ...['pause', 'resume', 'freeze', 'unfreeze', 'seek', 'limit'].map((name) => `POST /kafka/workers/{worker}/${name}`),
  'POST /kafka/drain',
];

describe('the OpenAPI document', () => {
  it('has the routes there are', async () => {
    const { document } = await shop();
    expect([...operations(document).keys()].toSorted()).toEqual([...READS, ...COMMANDS].toSorted());
  });

  it('has no commands where nobody guards them, and the path that was given', async () => {
    const { document } = await shop({ path: 'ops' });
    expect([...operations(document).keys()].toSorted()).toEqual(
      READS.map((route) => route.replace('/kafka', '/ops')).toSorted(),
    );
  });

  it('describes each: summary, parameters, body, answers and problems', async () => {
    const { document } = await shop();
    for (const [route, operation] of operations(document)) {
      const { summary, tags, parameters, requestBody, responses } = operation;
      expect([route, summary.length > 0, tags]).toEqual([route, true, ['kafka-worker']]);
      const inPath = [...route.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      expect(parameters.filter((one) => one.in === 'path').map(({ name, required }) => [name, required])).toEqual(
        inPath.map((name) => [name, true]),
      );
      expect(parameters.filter((one) => one.in === 'query').map(({ name }) => name)).toContain('connection');
      const statuses = Object.keys(responses);
      expect(statuses).toEqual(expect.arrayContaining([route === 'POST /kafka/drain' ? '202' : '200', '400', '404']));
      if (route.startsWith('POST')) expect(statuses).toContain('403');
      for (const [status, { content = {} }] of Object.entries(responses)) {
        const type = Number(status) < 400 ? 'application/json' : 'application/problem+json';
        expect([route, status, Object.keys(content)]).toEqual([route, status, [type]]);
      }
      const hasBody = route.startsWith('POST') && !route.endsWith('/drain');
      expect([route, requestBody !== undefined]).toEqual([route, hasBody]);
      expect(requestBody?.content['application/json']?.schema.type).toBe(hasBody ? 'object' : undefined);
    }
    const seek = operations(document).get('POST /kafka/workers/{worker}/seek')?.requestBody;
    expect(seek?.required).toBe(true);
    expect(seek?.content['application/json']?.schema).toMatchObject({ required: ['to'], additionalProperties: false });
    expect(new Set([...operations(document).values()].map(({ operationId }) => operationId)).size).toBe(12);
  });

  it('says what is answered: real answers, and real problems, are as it says', async () => {
    const { document, get, post, cluster, app } = await shop();
    const frozen = next(runtimeOf(app), 'frozen');
    for (const value of ['1', 'poison', '3']) cluster.produce({ topic: 'orders', partition: 0, key: 'ann', value });
    await frozen;
    const fits = check(document);
    for (const path of ['groups', 'groups?all=true', 'groups/nobody', 'groups?all=x', 'workers', 'partitions'])
      fits('GET', path, await get(`kafka/${path}`));
    fits('GET', 'groups/{groupId}', await get('kafka/groups/group'));
    fits('GET', 'workers/{worker}', await get('kafka/workers/Shop.onOrder'));
    fits('GET', 'workers/{worker}', await get('kafka/workers/Shop.off'));
    const command = async (name: string, body?: unknown) =>
      fits('POST', `workers/{worker}/${name}`, await post(`kafka/workers/Shop.onOrder/${name}`, body));
    await command('pause');
    await command('resume', { topic: 'orders' });
    await command('freeze', { topic: 'orders', partition: 1 });
    await command('unfreeze', { topic: 'off' });
    await command('seek', { to: { offset: 1 }, topic: 'orders', partition: 0 });
    await command('seek', { to: 'nowhere', more: 1 });
    await command('limit', { limit: 2 });
    cluster.faults.commit({ answerDelayMs: 1 });
    cluster.faults.commit({ code: 'COMMIT_FENCED' });
    await command('seek', { to: 'beginning' }); // 409, and one was moved
    fits('POST', 'drain', await post('kafka/drain', { now: true }));
    fits('POST', 'drain', await post('kafka/drain'));
    await command('pause');
  });

  it.each([
    ['pause', {}, true],
    ['unfreeze', { topic: 'orders', partition: 1, skip: true }, true],
    ['unfreeze', { skip: 1 }, false],
    ['seek', { to: 'end' }, true],
    ['seek', { to: { timestamp: '2026-01-31T12:00:00Z' } }, true],
    ['seek', { to: { offset: -1 }, topic: 'orders', partition: 0 }, false],
    ['seek', {}, false],
    ['seek', { to: 'end', more: 1 }, false],
    ['limit', { limit: 0 }, false],
    ['limit', { limit: 3 }, true],
  ])('says what is taken: %s %j', async (command, body, taken) => {
    const { document, post } = await shop();
    const { requestBody } = operations(document).get(`POST /kafka/workers/{worker}/${command}`) as Operation;
    const schema = requestBody?.content['application/json']?.schema as JsonSchema;
    expect(violations(schema, body).length === 0).toBe(taken);
    const { status } = await post(`kafka/workers/Shop.onOrder/${command}`, body);
    expect(status === 400).toBe(!taken);
  });
});

/** Fails where an answer is not as the document says. */
function check(document: OpenAPIObject): (method: string, path: string, answer: Answer<unknown>) => void {
  const all = operations(document);
  return (method, path, { status, type, body }) => {
    const route = `${method} /kafka/${path.replace(/\?.*/, '')}`.replace('groups/nobody', 'groups/{groupId}');
    const [mime] = type.split(';') as [string];
    const schema = all.get(route)?.responses[status]?.content?.[mime]?.schema;
    expect([route, status, schema === undefined ? 'not described' : violations(schema, body)]).toEqual([
      route,
      status,
      [],
    ]);
  };
}
