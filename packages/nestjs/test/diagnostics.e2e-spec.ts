import { AsyncLocalStorage } from 'node:async_hooks';
import { channel, subscribe, tracingChannel, unsubscribe } from 'node:diagnostics_channel';
import {
  Controller,
  Injectable,
  UseInterceptors,
  type CallHandler,
  type ExecutionContext,
  type INestApplicationContext,
  type NestInterceptor,
} from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { afterEach, describe, expect, it } from '@jest/globals';
import {
  fixed,
  KafkaWorker,
  skip,
  type KafkaWorkerAttemptMessage,
  type KafkaWorkerEventMessage,
} from '@kafka-worker/nestjs';
import type { InMemoryCluster } from '@kafka-worker/testing';
import type { Observable } from 'rxjs';
import { boot, clusterWith, WAYS } from './support/app.js';
import { next, runtimeOf } from './support/events.js';

const PHASES = ['start', 'end', 'asyncEnd', 'error'] as const;
const CHANNEL = 'kafka-worker:attempt';

let app: INestApplicationContext | undefined;
const undo: (() => void)[] = [];
afterEach(async () => {
  for (const one of undo.splice(0)) one();
  const open = app;
  app = undefined;
  await open?.close();
});

/** Subscribes until the test is over, or until what it gives is called. */
function listen(name: string, hear: (message: unknown) => void): () => void {
  subscribe(name, hear);
  const end = (): void => void unsubscribe(name, hear);
  undo.push(end);
  return end;
}

/** What the channels of attempts tell, one line for each message. */
function watch(told: string[], messages = new Set<unknown>()): () => void {
  const ends = PHASES.map((phase) =>
    listen(`tracing:${CHANNEL}:${phase}`, (given) => {
      const { delivery, error } = given as KafkaWorkerAttemptMessage;
      messages.add(given);
      const failure = error instanceof Error ? ` ${error.message}` : '';
      told.push(`${phase} ${delivery.record.offset}#${delivery.attempt}${failure}`);
    }),
  );
  return () => ends.forEach((end) => end());
}

/** Sends one record and waits until it is settled. */
async function settle(cluster: InMemoryCluster, value: string): Promise<void> {
  if (app === undefined) throw new Error('no app');
  const settled = next(runtimeOf(app), 'record.settled');
  cluster.produce({ topic: 'orders', partition: 0, value });
  await settled;
}

const worker = { retry: { attempts: 2, backoff: fixed(1) }, onFailure: skip() };

describe.each(WAYS)('diagnostics channels, run as %s', (way) => {
  it('tell of attempts while somebody subscribes, which may begin and end at any time', async () => {
    const told: string[] = [];
    @Controller()
    class Orders {
      @KafkaWorker({ topic: 'orders' })
      async on(@Payload() value: string): Promise<void> {
        told.push(`handler ${value}`);
        await Promise.resolve();
        if (value === 'bad') throw new RangeError('none left');
      }
    }
    const cluster = clusterWith('orders');
    app = await boot(way, { cluster, controllers: [Orders], kafka: { worker } });
    await settle(cluster, 'unseen');
    const messages = new Set<unknown>();
    const end = watch(told, messages);
    await settle(cluster, 'good');
    await settle(cluster, 'bad');
    end();
    await settle(cluster, 'unseen');
    // `end` is the end of the call: the handler has given its promise
    expect(told).toEqual([
      'handler unseen',
      ...['start 1#1', 'handler good', 'end 1#1', 'asyncEnd 1#1'],
      ...['start 2#1', 'handler bad', 'end 2#1', 'error 2#1 none left', 'asyncEnd 2#1 none left'],
      ...['start 2#2', 'handler bad', 'end 2#2', 'error 2#2 none left', 'asyncEnd 2#2 none left'],
      'handler unseen',
    ]);
    expect(messages.size).toBe(3); // one object for all messages of an attempt
    expect(tracingChannel(CHANNEL).hasSubscribers).toBe(false);
  });

  it('hold what is bound to `start` in the handler, across awaits, and where interceptors stand before it', async () => {
    const storage = new AsyncLocalStorage<string>();
    const seen: string[] = [];
    const note = (where: string): void => void seen.push(`${where} ${storage.getStore() ?? 'nothing'}`);
    @Injectable()
    class Watch implements NestInterceptor {
      intercept(_context: ExecutionContext, handler: CallHandler): Observable<unknown> {
        note('interceptor');
        return handler.handle();
      }
    }
    @Controller()
    class Orders {
      @KafkaWorker({ topic: 'orders' })
      async on(): Promise<void> {
        note('plain');
        await Promise.resolve();
        note('plain awaited');
      }
      @UseInterceptors(Watch)
      @KafkaWorker({ topic: 'payments' })
      async intercepted(): Promise<void> {
        note('intercepted');
        await Promise.resolve();
        note('intercepted awaited');
      }
    }
    const start = channel(`tracing:${CHANNEL}:start`);
    start.bindStore(storage, (message) => {
      const { record } = (message as KafkaWorkerAttemptMessage).delivery;
      return `${record.topic}@${record.offset}`;
    });
    undo.push(() => void start.unbindStore(storage));
    const cluster = clusterWith('orders', 'payments');
    app = await boot(way, { cluster, controllers: [Orders] });
    await settle(cluster, 'x');
    const settled = next(runtimeOf(app), 'record.settled');
    cluster.produce({ topic: 'payments', value: 'x' });
    await settled;
    expect(seen).toEqual([
      'plain orders@0',
      'plain awaited orders@0',
      'interceptor payments@0',
      'intercepted payments@0',
      'intercepted awaited payments@0',
    ]);
    note('outside');
    expect(seen.at(-1)).toBe('outside nothing');
  });
});

it('a handler that throws before its first await has ended, failed and is over, in this order', async () => {
  const told: string[] = [];
  @Controller()
  class Orders {
    @KafkaWorker({ topic: 'orders', retry: { attempts: 1 }, onFailure: skip() })
    on(): void {
      throw new RangeError('at once');
    }
  }
  const cluster = clusterWith('orders');
  app = await boot('module', { cluster, controllers: [Orders] });
  watch(told);
  await settle(cluster, 'x');
  expect(told).toEqual(['start 0#1', 'end 0#1', 'error 0#1 at once', 'asyncEnd 0#1 at once']);
});

it('kafka-worker:event tells what events$ tells, but records that are done', async () => {
  @Controller()
  class Orders {
    @KafkaWorker({ topic: 'orders', retry: { attempts: 1 }, onFailure: skip() })
    on(@Payload() value: string): void {
      if (value === 'bad') throw new RangeError('none left');
    }
  }
  const told: string[] = [];
  const end = listen('kafka-worker:event', (given) => {
    const event = given as KafkaWorkerEventMessage;
    told.push(event.type === 'record.settled' ? `${event.type} ${event.disposition}` : event.type);
  });
  const cluster = clusterWith('orders');
  app = await boot('module', { cluster, controllers: [Orders] });
  await settle(cluster, 'good');
  await settle(cluster, 'bad');
  expect(told).toContain('group.rebalanced');
  expect(told).toEqual(expect.arrayContaining(['record.failed', 'record.settled skipped']));
  expect(told).not.toContain('record.settled done');
  end();
  const before = told.length;
  await settle(cluster, 'bad');
  expect(told).toHaveLength(before);
});
