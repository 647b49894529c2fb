import {
  Controller,
  ForbiddenException,
  Get,
  Injectable,
  Module,
  NotFoundException,
  UnauthorizedException,
  VersioningType,
  type CanActivate,
  type ExecutionContext,
} from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { describe, expect, it } from '@jest/globals';
import { KafkaWorker } from '@kafka-worker/nestjs';
import {
  KafkaWorkerAdminModule,
  type KafkaWorkerAdminOptions,
  type KafkaWorkerCommandEvent,
  type WorkersAnswer,
} from '@kafka-worker/nestjs/admin';
import { boot, clusterWith, WAYS } from '../support/app.js';
import { Calls } from '../support/calls.js';
import { runtimeOf } from '../support/events.js';
import { adminApp, problem, type AdminAppOptions } from './support/admin-app.js';

const PAUSE = 'kafka/workers/Shop.onOrder/pause';

@Controller()
class Shop {
  @KafkaWorker({ topic: 'orders' })
  onOrder(): void {}
  @Get('missing')
  missing(): never {
    throw new NotFoundException('not ours');
  }
}

/** Where tokens are looked up: what a guard injects. */
@Injectable()
class Tokens {
  userOf(token: string): { id: string; password: string } | undefined {
    return token === 'ann-token' ? { id: 'ann', password: 'secret' } : undefined;
  }
}
@Module({ providers: [Tokens], exports: [Tokens] })
class TokensModule {}

interface Request {
  headers: Record<string, string | undefined>;
  user?: unknown;
}

@Injectable()
class TokenGuard implements CanActivate {
  constructor(private readonly tokens: Tokens) {}
  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<Request>();
    const { authorization } = request.headers;
    if (authorization === undefined) throw new UnauthorizedException('a token is needed');
    request.user = this.tokens.userOf(authorization);
    return request.user !== undefined;
  }
}

async function shop(admin: KafkaWorkerAdminOptions = {}, options: Partial<AdminAppOptions> = {}) {
  const cluster = clusterWith('orders');
  const app = await adminApp({ cluster, controllers: [Shop], admin, ...options });
  const isPaused = () => runtimeOf(app.app).inspect().groups[0]?.workers[0]?.paused;
  return { cluster, ...app, isPaused };
}

const COMMANDS = [
  ...['pause', 'resume', 'freeze', 'unfreeze', 'seek', 'limit'].map((name) => `kafka/workers/Shop.onOrder/${name}`),
  'kafka/drain',
];

describe('without guards', () => {
  it.each(COMMANDS)('%s does not exist', async (path) => {
    const { post, get, heard } = await shop();
    const answer = await post<{ message: string }>(path, {});
    expect([answer.status, answer.body.message]).toEqual([404, `Cannot POST /${path}`]);
    expect(heard).toEqual([]);
    expect((await get('kafka/workers')).status).toBe(200);
  });

  it('it exists where it was said in so many words', async () => {
    const { post, isPaused, heard } = await shop({ commands: 'unguarded' });
    expect((await post(PAUSE)).status).toBe(200);
    expect(isPaused()).toBe(true);
    expect(heard).toMatchObject([{ who: 'unknown', command: 'pause', outcome: 'done' }]);
  });
});

describe('a guard', () => {
  const guarded: KafkaWorkerAdminOptions = { commands: { guards: [TokenGuard] }, imports: [TokensModule] };

  it('is made with what it injects, and lets through', async () => {
    const { post, isPaused, heard } = await shop(guarded);
    expect((await post(PAUSE, { topic: 'orders' }, { authorization: 'ann-token' })).status).toBe(200);
    expect(isPaused()).toBe(false); // its partitions are
    expect(heard).toMatchObject([
      { who: 'ann', command: 'pause', target: { worker: 'Shop.onOrder', topic: 'orders' }, outcome: 'done' },
    ]);
    expect(JSON.stringify(heard)).not.toContain('secret');
  });

  it.each([
    [403, 'Forbidden', 'Forbidden resource', { authorization: 'eve-token' }],
    [401, 'Unauthorized', 'a token is needed', {}],
  ])('refuses with %s', async (status, title, detail, headers) => {
    const { post, isPaused, heard } = await shop(guarded);
    const answer = await post(PAUSE, { topic: 'orders', token: 'secret' }, headers);
    expect(answer.status).toBe(status);
    expect(problem(answer)).toEqual({ type: 'about:blank', title, status, detail });
    expect(isPaused()).toBe(false);
    expect(heard).toEqual([
      {
        ...{ at: expect.any(Number), who: 'unknown', command: 'pause', outcome: 'refused', status },
        target: { worker: 'Shop.onOrder', topic: 'orders' },
        body: { topic: 'orders' },
        problem: problem(answer),
      },
    ]);
  });

  it('refuses every command', async () => {
    const { post, heard } = await shop(guarded);
    for (const path of COMMANDS) expect((await post(path, {}, { authorization: 'eve-token' })).status).toBe(403);
    expect(heard.map(({ command, outcome }) => `${command} ${outcome}`)).toEqual(
      COMMANDS.map((path) => `${path.split('/').at(-1)} refused`),
    );
  });

  it('may be an instance, and one of several', async () => {
    const asked: string[] = [];
    const guard = (name: string, answer: boolean): CanActivate => ({
      canActivate: () => {
        asked.push(name);
        return answer;
      },
    });
    const { post } = await shop({ commands: { guards: [guard('first', true), guard('second', false)] } });
    expect((await post(PAUSE)).status).toBe(403);
    expect(asked).toEqual(['first', 'second']);
  });

  it('of commands does not stand before reading, one of reads does', async () => {
    const { get } = await shop({ commands: { guards: [{ canActivate: () => false }] } });
    expect((await get('kafka/workers')).status).toBe(200);
    const second = await shop({ reads: { guards: [TokenGuard] }, imports: [TokensModule] });
    for (const path of ['groups', 'groups/group', 'workers', 'workers/Shop.onOrder', 'partitions']) {
      const answer = await second.get(`kafka/${path}`);
      expect([answer.status, problem(answer).title]).toEqual([401, 'Unauthorized']);
      expect((await second.get(`kafka/${path}`, { authorization: 'ann-token' })).status).toBe(200);
    }
    expect(second.heard).toEqual([]);
  });

  it('of the whole application counts too, and its refusal is audited', async () => {
    const guard: CanActivate = {
      canActivate: (context) => {
        if (context.switchToHttp().getRequest<Request>().headers['x-key'] === undefined)
          throw new ForbiddenException('no key');
        return true;
      },
    };
    const { post, get, heard } = await shop(
      { commands: 'unguarded' },
      { providers: [{ provide: APP_GUARD, useValue: guard }] },
    );
    expect(problem(await post(PAUSE)).detail).toBe('no key');
    expect((await get('kafka/groups')).status).toBe(403);
    expect((await post(PAUSE, {}, { 'x-key': '1' })).status).toBe(200);
    expect(heard.map(({ command, outcome }) => `${command} ${outcome}`)).toEqual(['pause refused', 'pause done']);
  });
});

describe('audit', () => {
  it('is one line of the log for each command', async () => {
    const { post, logged, heard } = await shop({ commands: 'unguarded' });
    await post(PAUSE, { topic: 'orders', partition: 0 });
    await post(PAUSE, { topic: 'orders', partition: 7 });
    const lines = logged.filter(({ context }) => context === 'KafkaWorkerAudit');
    expect(lines.map(({ level }) => level)).toEqual(['log', 'warn']);
    expect(lines.map(({ message }) => JSON.parse(message))).toEqual(heard);
    expect(lines.every(({ message }) => !message.includes('\n'))).toBe(true);
    expect(heard).toEqual([
      {
        ...{ at: expect.any(Number), who: 'unknown', command: 'pause', outcome: 'done', status: 200 },
        target: { worker: 'Shop.onOrder', topic: 'orders', partition: 0 },
        body: { topic: 'orders', partition: 0 },
        result: {
          ...{ command: 'pause', connection: 'default', worker: 'Shop#onOrder', groupId: 'group' },
          partitions: [{ topic: 'orders', partition: 0, paused: true, frozen: 0 }],
        },
      },
      expect.objectContaining({ outcome: 'refused', status: 404, problem: expect.objectContaining({ status: 404 }) }),
    ]);
  });

  it('asks who, and is heard by onCommand', async () => {
    const told = new Calls<KafkaWorkerCommandEvent>();
    const { post } = await shop({
      commands: 'unguarded',
      who: ({ headers }: Request) => headers['x-who'] ?? '',
      onCommand: told.add,
    });
    await post(PAUSE, {}, { 'x-who': 'bea' });
    await post(PAUSE);
    expect((await told.reached(2)).map(({ who }) => who)).toEqual(['bea', 'unknown']);
  });

  it('stands a who and an onCommand that throw', async () => {
    const told = new Calls<string>();
    const { post, heard, logged } = await shop({
      commands: 'unguarded',
      who: () => {
        throw new Error('nobody knows');
      },
      onCommand: async ({ command }) => {
        told.add(command);
        throw new Error('the table is full');
      },
    });
    expect((await post(PAUSE)).status).toBe(200);
    expect(heard).toMatchObject([{ who: 'unknown', outcome: 'done' }]);
    await told.reached(1);
    await new Promise(setImmediate);
    const errors = logged.filter(({ level }) => level === 'error').map(({ message }) => message);
    expect(errors).toEqual(['who failed: nobody knows', 'onCommand failed: the table is full']);
  });

  it.each([
    [{ id: 7, name: 'x' }, '7'],
    [{ sub: 'oidc|1', email: 'x' }, 'oidc|1'],
    [{ username: 'bea' }, 'bea'],
    [{ name: 'Bea' }, 'Bea'],
    [{ email: 'x' }, 'unknown'],
    ['ann', 'unknown'],
  ])('takes %j for %s', async (user, who) => {
    const guard: CanActivate = {
      canActivate: (context) => {
        context.switchToHttp().getRequest<Request>().user = user;
        return true;
      },
    };
    const { post, heard } = await shop({ commands: { guards: [guard] } });
    await post(PAUSE);
    expect(heard[0]?.who).toBe(who);
  });
});

describe('beside the rest of the application', () => {
  it('other routes answer errors as they did', async () => {
    const { get } = await shop({ commands: 'unguarded' });
    const answer = await get('missing');
    expect(answer).toMatchObject({ status: 404, type: expect.stringMatching(/^application\/json/) });
    expect(answer.body).toEqual({ message: 'not ours', error: 'Not Found', statusCode: 404 });
  });

  it('global prefix, versions and a path of its own', async () => {
    const { get, post, heard } = await shop(
      { path: '/ops/kafka', commands: 'unguarded' },
      {
        setup: (app) => {
          app.setGlobalPrefix('api');
          app.enableVersioning({ type: VersioningType.URI, defaultVersion: '2' });
        },
      },
    );
    expect((await get<WorkersAnswer>('api/ops/kafka/workers')).body.workers.length).toBe(1);
    expect((await post('api/ops/kafka/workers/Shop%23onOrder/pause?connection=default')).status).toBe(200);
    expect((await post('api/ops/kafka/workers/Shop%23onOrder/seek?connection=default')).status).toBe(400);
    expect(heard.map(({ command, target }) => ({ command, target }))).toEqual([
      { command: 'pause', target: { connection: 'default', worker: 'Shop#onOrder' } },
      { command: 'seek', target: { connection: 'default', worker: 'Shop#onOrder' } },
    ]);
    expect((await get('kafka/workers')).status).toBe(404);
  });

  it.each(WAYS)('%s boots with it and closes', async (way) => {
    const cluster = clusterWith('orders');
    const app = await boot(way, {
      cluster,
      controllers: [Shop],
      imports: [KafkaWorkerAdminModule.forRoot({ commands: 'unguarded' })],
    });
    expect(runtimeOf(app).state).toBe('RUNNING');
    await app.close();
  });
});

describe('options', () => {
  it('are checked, all at once', () => {
    const wrong = {
      ...{ paht: 'x', path: '/', commands: { guards: [] }, reads: 'unguarded', imports: {}, who: 1, onCommand: 'x' },
      ...{ keys: 'plain', errors: 1, answerMs: 0 },
    };
    expect(() => KafkaWorkerAdminModule.forRoot(wrong as never)).toThrow(
      [
        'kafka-worker cannot start, 10 mistakes:',
        'option "paht": there is no such option; allowed are path, commands, reads, imports, who, onCommand, keys, errors, answerMs',
        `option "path": '/' is not allowed; a path that is not empty is`,
        `option "commands": {"guards":[]} is not allowed; { guards: [...] } with at least one, or 'unguarded', is`,
        `option "reads": 'unguarded' is not allowed; { guards: [...] } with at least one is`,
        'option "imports": {} is not allowed; a list of modules is',
        'option "who": 1 is not allowed; a function is',
        `option "onCommand": 'x' is not allowed; a function is`,
        `option "keys": 'plain' is not allowed; 'shown' or 'hashed' or 'hidden' is`,
        `option "errors": 1 is not allowed; 'shown' or 'hidden' is`,
        'option "answerMs": 0 is not allowed; a whole number of 1 or more is',
      ].join('\n  - KafkaWorkerAdminModule, '),
    );
  });
});
