import { afterEach } from '@jest/globals';
import type { INestApplication, LoggerService, ModuleMetadata } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { filter, firstValueFrom, merge, of } from 'rxjs';
import type { InMemoryCluster } from '@kafka-worker/testing';
import { KafkaWorkerServer, type KafkaWorkerModuleOptions, type KafkaWorkerRuntime } from '@kafka-worker/nestjs';
import {
  KafkaWorkerAdminModule,
  KafkaWorkerAudit,
  type KafkaWorkerAdminOptions,
  type KafkaWorkerCommandEvent,
  type Problem,
} from '@kafka-worker/nestjs/admin';
import { KafkaWorkerHost } from '../../../src/runtime/kafka-worker.host.js';
import { appModule } from '../../support/app.js';

/** What a route answered. */
export interface Answer<T> {
  readonly status: number;
  readonly type: string;
  readonly body: T;
}

/** An application with admin routes, listening on the loopback interface. */
export interface AdminApp {
  readonly app: INestApplication;
  readonly url: string;
  /** Every command so far. */
  readonly heard: readonly KafkaWorkerCommandEvent[];
  readonly logged: readonly LoggedLine[];
  get<T>(path: string, headers?: Record<string, string>): Promise<Answer<T>>;
  post<T>(path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer<T>>;
}

export interface LoggedLine {
  readonly level: 'log' | 'warn' | 'error';
  readonly context: string;
  readonly message: string;
}

export interface AdminAppOptions extends ModuleMetadata {
  readonly cluster: InMemoryCluster;
  readonly kafka?: Partial<KafkaWorkerModuleOptions>;
  readonly addModule?: boolean;
  readonly admin?: KafkaWorkerAdminOptions;
  /** True: the workers are run by a strategy. */
  readonly hybrid?: boolean;
  readonly setup?: (app: INestApplication) => void;
}

const open: INestApplication[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((app) => app.close()));
});

/** Boots until records are fetched; closed after the test. */
export async function adminApp({ admin, hybrid, setup, ...options }: AdminAppOptions): Promise<AdminApp> {
  const imports = [...(options.imports ?? []), KafkaWorkerAdminModule.forRoot(admin)];
  const logged: LoggedLine[] = [];
  const app = await NestFactory.create(appModule({ ...options, imports }), {
    logger: recorder(logged),
    abortOnError: false,
  });
  open.push(app);
  setup?.(app);
  if (hybrid) {
    app.connectMicroservice({ strategy: app.get(KafkaWorkerServer) });
    await app.startAllMicroservices();
  }
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  for (const { runtime } of app.get(KafkaWorkerHost, { strict: false }).connections) await joined(runtime);
  const heard: KafkaWorkerCommandEvent[] = [];
  app.get(KafkaWorkerAudit, { strict: false }).audit$.subscribe((event) => heard.push(event));
  return {
    app,
    url,
    heard,
    logged,
    get: (path, headers = {}) => ask(`${url}/${path}`, { headers }),
    post: (path, body, headers = {}) =>
      ask(`${url}/${path}`, {
        method: 'POST',
        headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
        ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      }),
  };
}

/** Every group of a connection is joined. */
export async function joined(runtime: KafkaWorkerRuntime): Promise<void> {
  await firstValueFrom(
    merge(of(undefined), runtime.events$).pipe(
      filter(() => runtime.inspect().groups.every(({ state }) => state === 'joined')),
    ),
  );
}

/** What a group that nobody is a member of has committed. */
export async function storeOffset(
  cluster: InMemoryCluster,
  groupId: string,
  offset: { readonly topic: string; readonly partition: number; readonly offset: number },
): Promise<void> {
  const producer = cluster.driver().createTransactionalProducer?.(`store-${groupId}`);
  await producer?.open();
  await producer?.transact({ records: [], groupId, offsets: [{ ...offset, metadata: '' }] });
  await producer?.close();
}

/** An answer that has to be a problem. */
export function problem(answer: Answer<unknown>): Problem {
  if (!answer.type.startsWith('application/problem+json')) {
    throw new Error(`${answer.status} ${answer.type} is no problem: ${JSON.stringify(answer.body)}`);
  }
  return answer.body as Problem;
}

async function ask<T>(url: string, init: RequestInit): Promise<Answer<T>> {
  const response = await fetch(url, init);
  const text = await response.text();
  const type = response.headers.get('content-type') ?? '';
  return { status: response.status, type, body: (type.includes('json') ? JSON.parse(text) : text) as T };
}

function recorder(lines: LoggedLine[]): LoggerService {
  const add =
    (level: LoggedLine['level']) =>
    (message: unknown, ...rest: unknown[]): void => {
      lines.push({ level, message: String(message), context: String(rest.at(-1) ?? '') });
    };
  return { log: add('log'), warn: add('warn'), error: add('error') };
}
