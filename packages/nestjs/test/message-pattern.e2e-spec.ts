import { Catch, Controller, UseFilters, type ExceptionFilter, type INestApplicationContext } from '@nestjs/common';
import { KafkaRetriableException, MessagePattern, Payload, RpcException } from '@nestjs/microservices';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { InMemoryCluster } from '@kafka-worker/testing';
import { KafkaWorker } from '@kafka-worker/nestjs';
import { EMPTY, of, throwError, type Observable } from 'rxjs';
import { boot, clusterWith } from './support/app.js';
import { next, runtimeOf } from './support/events.js';

let app: INestApplicationContext | undefined;
afterEach(async () => {
  await app?.close();
  app = undefined;
});

@Catch(SyntaxError)
class ForTheClient implements ExceptionFilter {
  catch(): Observable<never> {
    return throwError(() => ({ code: 7 }));
  }
}

const answers: Record<string, () => unknown> = {
  value: () => ({ sum: 3 }),
  text: () => 'three',
  nothing: () => undefined,
  message: () => ({ key: 'k', value: { v: 1 }, headers: { own: 'h' } }),
  many: () => of(1, 2),
  empty: () => EMPTY,
  rpc: () => {
    throw new RpcException('refused');
  },
  rpcObject: () => throwError(() => new RpcException({ code: 5 })),
  error: () => {
    throw new Error('a secret');
  },
  late: () => throwError(() => new Error('a secret')),
  filtered: () => {
    throw new SyntaxError();
  },
  retriable: () => {
    throw new KafkaRetriableException('again');
  },
};

@Controller()
class Questions {
  @UseFilters(ForTheClient)
  @MessagePattern('questions')
  on(@Payload('ask') ask: string): unknown {
    return answers[ask]!();
  }
}

async function ask(name: string, kafka = {}): Promise<InMemoryCluster> {
  const cluster = clusterWith('questions', 'answers');
  app = await boot('microservice', { cluster, controllers: [Questions], kafka });
  const over = next(runtimeOf(app), 'commit.succeeded');
  cluster.produce({
    topic: 'questions',
    value: JSON.stringify({ ask: name }),
    headers: { kafka_correlationId: 'id-1', kafka_replyTopic: 'answers', kafka_replyPartition: '1' },
  });
  if (name !== 'retriable') await over;
  return cluster;
}

function replies(cluster: InMemoryCluster): unknown[] {
  return cluster.records('answers').map(({ partition, key, value, headers }) => ({
    partition,
    ...(key && { key: String(key) }),
    value: value && String(value),
    headers: Object.fromEntries(Object.entries(headers).map(([name, bytes]) => [name, String(bytes)])),
  }));
}

const id = { kafka_correlationId: 'id-1' };
const last = { 'kafka_nest-is-disposed': '\0' };
const failed = (error: object): object => ({
  partition: 1,
  value: null,
  headers: { ...id, ...last, 'kafka_nest-err': JSON.stringify(error) },
});
const internal = { status: 'error', message: 'Internal server error' };

describe('@MessagePattern under the strategy', () => {
  it.each<[string, unknown[]]>([
    ['value', [{ partition: 1, value: '{"sum":3}', headers: { ...id, ...last } }]],
    ['text', [{ partition: 1, value: 'three', headers: { ...id, ...last } }]],
    ['nothing', [{ partition: 1, value: null, headers: { ...id, ...last } }]],
    ['message', [{ partition: 1, key: 'k', value: '{"v":1}', headers: { own: 'h', ...id, ...last } }]],
    [
      'many',
      [
        { partition: 1, value: '1', headers: id },
        { partition: 1, value: '2', headers: { ...id, ...last } },
      ],
    ],
    ['empty', [{ partition: 1, value: null, headers: { ...id, ...last } }]],
    ['rpc', [failed({ status: 'error', message: 'refused' })]],
    ['rpcObject', [failed({ code: 5 })]],
    ['error', [failed(internal)]],
    ['late', [failed(internal)]],
    ['filtered', [failed({ code: 7 })]],
  ])('answers %s as Nest does', async (name, expected) => {
    const cluster = await ask(name, { worker: { commit: 'each' } });
    expect(replies(cluster)).toEqual(expected);
  });

  it('leaves KafkaRetriableException to the engine', async () => {
    const cluster = clusterWith('questions', 'answers');
    app = await boot('microservice', {
      cluster,
      controllers: [Questions],
      kafka: { worker: { retry: { attempts: 1 } } },
    });
    const frozen = next(runtimeOf(app), 'frozen');
    cluster.produce({
      topic: 'questions',
      value: '{"ask":"retriable"}',
      headers: { kafka_correlationId: 'id-1', kafka_replyTopic: 'answers' },
    });
    expect((await frozen).error).toBeInstanceOf(KafkaRetriableException);
    expect(replies(cluster)).toEqual([]);
  });

  it('settles the record only when the answer is acknowledged', async () => {
    const cluster = clusterWith('questions');
    app = await boot('microservice', {
      cluster,
      controllers: [Questions],
      kafka: { worker: { retry: { attempts: 1 } } },
    });
    const frozen = next(runtimeOf(app), 'frozen');
    cluster.produce({
      topic: 'questions',
      value: '{"ask":"value"}',
      headers: { kafka_correlationId: 'id-1', kafka_replyTopic: 'no-such-topic' },
    });
    expect((await frozen).error).toHaveProperty('code');
    expect(cluster.lag('group')).toBe(1);
  });

  it('without an address is done like an event', async () => {
    const cluster = clusterWith('questions', 'answers');
    app = await boot('microservice', { cluster, controllers: [Questions] });
    const settled = next(runtimeOf(app), 'record.settled');
    cluster.produce({ topic: 'questions', value: '{"ask":"value"}' });
    expect((await settled).disposition).toBe('done');
    expect(replies(cluster)).toEqual([]);
  });

  it('takes options from @KafkaWorker beside it, under discovery too', async () => {
    @Controller()
    class Composed {
      @KafkaWorker({ concurrency: 'key' })
      @MessagePattern('questions')
      on(): string {
        return 'yes';
      }
    }
    const cluster = clusterWith('questions', 'answers');
    app = await boot('module', { cluster, controllers: [Composed] });
    const settled = next(runtimeOf(app), 'record.settled');
    cluster.produce({
      topic: 'questions',
      value: 'x',
      headers: { kafka_correlationId: 'id-1', kafka_replyTopic: 'answers', kafka_replyPartition: '0' },
    });
    await settled;
    expect(replies(cluster)).toEqual([{ partition: 0, value: 'yes', headers: { ...id, ...last } }]);
  });
});
