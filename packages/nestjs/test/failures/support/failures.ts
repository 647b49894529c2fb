import {
  BadRequestException,
  Catch,
  UseFilters,
  UseGuards,
  UsePipes,
  type ExceptionFilter,
  type ExecutionContext,
} from '@nestjs/common';
import { KafkaWorkerError } from '@kafka-worker/engine';
import {
  DeadLetterError,
  fixed,
  FreezeError,
  NonRetryableError,
  RetryLaterError,
  SkipRecordError,
  type DeadLetterBudgetOptions,
  type KafkaWorkerContext,
  type KafkaWorkerMessage,
  type KafkaWorkerOptions,
} from '@kafka-worker/nestjs';
import { EMPTY, of, throwError } from 'rxjs';
import { DEAD, RETRY, RETRY_DELAY_MS, type PolicyName } from './policies.js';
import type { Scene } from './scene.js';

/** How a failure is played. */
export interface Play {
  /** What the handler does with the record that fails. Default: what it does with every other one, which succeeds. */
  readonly handle?: (context: KafkaWorkerContext) => unknown;
  /** Nest's enhancers of the handler. */
  readonly decorate?: MethodDecorator;
  readonly options?: Partial<KafkaWorkerOptions>;
  readonly budget?: DeadLetterBudgetOptions;
  /** Done before the record is written. */
  readonly before?: () => Promise<void> | void;
  /** Done when the record is with its handler, or has failed once. */
  readonly after?: () => Promise<void> | void;
  /** How long is waited to see what becomes of it. Milliseconds. Default 60,000. */
  readonly forMs?: number;
  /** How the process ends. Default `deploy`: SIGTERM, and another one is started. */
  readonly restart?: 'deploy' | 'kill';
  /** What records are sent to is not there at the boot. */
  readonly topicsMissing?: boolean;
  /** The handler, or a filter, means it: the record is done. */
  readonly isDone?: boolean;
  /** Its order is not known. */
  readonly hasNoLane?: boolean;
}

/** In place of an outcome: under this policy the failure cannot happen. */
export const NEVER_MEET = '–';

/** A row of the table. */
export interface Failure {
  /** As it stands in the table. */
  readonly name: string;
  /** `attempts: outcome`, written by hand; or {@link NEVER_MEET}. */
  readonly expected: Readonly<Record<PolicyName, string>>;
  readonly play: (scene: Scene) => Play;
}

const no = (): Error => new Error('no');
const fail = (): never => {
  throw no();
};

/** Tried again until the attempts are used up, each time in the hands of another owner. */
function usedUp(before = ''): Failure['expected'] {
  return {
    freezePartition: `${before}3: partition frozen`,
    freezeKey: `${before}3: key frozen`,
    skip: `${before}3: skipped`,
    deadLetter: `${before}3: dead letter`,
    retryTopics: `${before}3 + 3: later, dead letter`,
    inOrder: `${before}3 + 3: waits, dead letter`,
  };
}

/** What no attempt can mend: neither tried again nor sent to a retry topic. */
const hopeless: Failure['expected'] = {
  freezePartition: '1: partition frozen',
  freezeKey: '1: key frozen',
  skip: '1: skipped',
  deadLetter: '1: dead letter',
  retryTopics: '1: dead letter',
  inOrder: '1: dead letter',
};

/** It is not asked either. */
const stubborn: Play = { options: { retry: { attempts: 3, backoff: fixed(1_000), retryIf: () => true } } };

/** The policy is not asked. */
function always(cell: string): Failure['expected'] {
  return {
    freezePartition: cell,
    freezeKey: cell,
    skip: cell,
    deadLetter: cell,
    retryTopics: cell,
    inOrder: cell,
  };
}

/** Nothing is sent by the others. */
function ofCopies(deadLetter: string, retryTopics: string, inOrder: string): Failure['expected'] {
  return { ...always(NEVER_MEET), deadLetter, retryTopics, inOrder };
}

/** A failure of the handler itself. */
function handler(name: string, expected: Failure['expected'], handle: Play['handle'], rest: Play = {}): Failure {
  return { name, expected, play: () => ({ ...rest, ...(handle && { handle }) }) };
}

/** A handler that fails each time, and trouble beside it. */
function trouble(name: string, expected: Failure['expected'], play: (scene: Scene) => Play): Failure {
  return { name, expected, play: (scene) => ({ handle: fail, ...play(scene) }) };
}

/** Settles when its time is up. */
function heedsSignal(context: KafkaWorkerContext): Promise<void> {
  const signal = context.getSignal();
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error));
  });
}

/** Comes to a good end, but too late. */
function succeedsLate(context: KafkaWorkerContext): Promise<void> {
  const signal = context.getSignal();
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve());
  });
}

/** A filter for everything that answers so. */
function filter(answer: () => unknown): MethodDecorator {
  @Catch()
  class Filter implements ExceptionFilter {
    catch(): unknown {
      return answer();
    }
  }
  return UseFilters(new Filter());
}

/** The topics that copies of this scene's record are sent to. */
function copiesTo({ policy }: Scene): readonly string[] {
  return policy === 'retryTopics' ? [RETRY, DEAD] : [DEAD];
}

/** Every failure, in the order of the table. */
export const FAILURES: readonly Failure[] = [
  handler('throws', usedUp(), fail),
  handler('rejects', usedUp(), async () => fail()),
  handler('throws what is no `Error`', usedUp(), () => {
    throw 'no';
  }),
  handler('returns an Observable that fails', usedUp(), () => throwError(no)),
  handler('returns an Observable that is empty', always('1: done'), () => EMPTY, { isDone: true }),
  handler('runs longer than `timeoutMs`, heeds its signal', usedUp(), heedsSignal, { options: { timeoutMs: 1_000 } }),
  handler('runs longer than `timeoutMs`, then succeeds', usedUp(), succeedsLate, { options: { timeoutMs: 1_000 } }),
  handler('runs longer than `timeoutMs`, never settles', usedUp(), () => new Promise(() => undefined), {
    options: { timeoutMs: 1_000 },
  }),
  handler('never settles, no `timeoutMs`', always('1: never ends'), () => new Promise(() => undefined)),
  {
    name: 'a guard says no',
    expected: hopeless,
    play: (scene) => ({
      decorate: UseGuards({
        canActivate: (context: ExecutionContext) => !scene.fails(context.switchToRpc().getData()),
      }),
    }),
  },
  {
    name: 'a pipe throws `BadRequestException`',
    expected: hopeless,
    play: (scene) => ({
      decorate: UsePipes({
        transform: (value: unknown) => {
          if (scene.fails(value)) throw new BadRequestException(['id must be a number']);
          return value;
        },
      }),
    }),
  },
  {
    name: 'the `deserializer` throws',
    expected: hopeless,
    play: (scene) => ({
      options: {
        ...stubborn.options,
        deserializer: {
          deserialize: ({ value }: KafkaWorkerMessage) => {
            if (scene.fails(value)) throw no();
            return { pattern: undefined, data: value };
          },
        },
      },
    }),
  },
  {
    name: 'the `schema` refuses the payload',
    expected: hopeless,
    play: (scene) => ({
      options: {
        ...stubborn.options,
        schema: {
          '~standard': {
            version: 1,
            vendor: 'test',
            validate: (value) => (scene.fails(value) ? { issues: [{ message: 'no' }] } : { value }),
          },
        },
      },
    }),
  },
  {
    name: '`orderBy` throws',
    expected: { ...hopeless, freezeKey: '1: frozen alone' },
    play: (scene) => ({
      hasNoLane: true,
      options: {
        ...stubborn.options,
        orderBy: (record) => {
          if (scene.fails(record.value?.toString())) throw no();
          return record.key;
        },
      },
    }),
  },
  handler('throws, a filter answers with a value', always('1: done'), fail, {
    decorate: filter(() => of('handled')),
    isDone: true,
  }),
  handler('throws, a filter returns nothing', usedUp(), fail, { decorate: filter(() => undefined) }),
  handler(
    'throws `NonRetryableError`',
    hopeless,
    () => {
      throw new NonRetryableError();
    },
    stubborn,
  ),
  handler(
    'throws `DeadLetterError`',
    hopeless,
    () => {
      throw new DeadLetterError();
    },
    stubborn,
  ),
  handler('throws `SkipRecordError`', always('1: skipped'), () => {
    throw new SkipRecordError();
  }),
  handler("throws `FreezeError('key')`", always('1: key frozen'), () => {
    throw new FreezeError('key');
  }),
  handler("throws `FreezeError('partition')`", always('1: partition frozen'), () => {
    throw new FreezeError('partition');
  }),
  handler('throws `RetryLaterError`, each time', always('1: never ends'), () => {
    throw new RetryLaterError(1_000);
  }),
  trouble('throws, revoked while it waits for the retry', usedUp('1 + '), ({ stage, worker }) => ({
    // its id is the first in order: it is given partition 0
    after: async () => void (await stage.boot(worker, 'a')),
  })),
  trouble('throws, shut down while it waits for the retry', usedUp('1 + '), ({ stage, worker }) => ({
    after: async () => {
      await stage.closeAll();
      await stage.boot(worker);
    },
  })),
  trouble('throws, killed while it waits for the retry', usedUp('1 + '), ({ stage, worker }) => ({
    after: async () => {
      await stage.killAll();
      await stage.boot(worker);
    },
  })),
  trouble('throws, five commits fail', usedUp(), ({ stage }) => ({
    before: () => stage.cluster.faults.commit({ times: 5 }),
  })),
  trouble(
    'throws, no commit gets through until it is killed',
    {
      freezePartition: '3: partition frozen',
      freezeKey: '3: key frozen',
      skip: '3: skipped, not committed',
      deadLetter: '3: dead letter, not committed',
      retryTopics: '3 + 3: later, dead letter, not committed',
      inOrder: '3 + 3: waits, dead letter, not committed',
    },
    ({ stage }) => ({ before: () => stage.cluster.faults.commit({ times: Infinity }), restart: 'kill' }),
  ),
  {
    name: 'succeeds, no commit gets through until it is killed',
    expected: always('1: done, not committed'),
    play: ({ stage }) => ({
      isDone: true,
      before: () => stage.cluster.faults.commit({ times: Infinity }),
      restart: 'kill',
    }),
  },
  trouble(
    'throws, two sends of its copy fail',
    ofCopies('3: dead letter', '3 + 3: later, dead letter', '3 + 3: waits, dead letter'),
    (scene) => ({
      before: () => copiesTo(scene).forEach((topic) => scene.stage.cluster.faults.produce({ topic, times: 2 })),
    }),
  ),
  trouble(
    'throws, every send of its copy fails',
    ofCopies('3: frozen for 30 s', '3: frozen for 30 s', '3 + 3: waits, frozen for 30 s'),
    (scene) => ({
      before: () => copiesTo(scene).forEach((topic) => scene.stage.cluster.faults.produce({ topic, times: Infinity })),
      forMs: 20_000,
    }),
  ),
  trouble(
    'throws, the broker refuses its copy for good',
    ofCopies('3: frozen for 30 s', '3: frozen for 30 s', '3 + 3: waits, frozen for 30 s'),
    ({ stage }) => ({
      before: () => {
        stage.onSend = () => {
          throw new KafkaWorkerError('SEND_FAILED', 'the record is too large', { canRetry: false });
        };
      },
      forMs: 20_000,
    }),
  ),
  trouble(
    'throws, its partition is lost while its copy is sent',
    ofCopies(
      '3 + 3: two dead letters',
      '3 + 3 + 3 + 3: later twice, two dead letters',
      '3 + 3 + 3 + 3: waits twice, two dead letters',
    ),
    ({ stage, policy }) => ({
      before: () =>
        stage.cluster.faults.produce({ topic: policy === 'retryTopics' ? RETRY : DEAD, delayMs: 20_000, fails: false }),
      after: async () => {
        // its copy is on the way then
        await stage.clock.advance(policy === 'inOrder' ? 3_000 + RETRY_DELAY_MS + 3_000 : 3_000);
        stage.expireSession();
      },
    }),
  ),
  trouble(
    'throws, the budget of dead letters is spent',
    ofCopies('3: partition frozen', '3 + 3: later, then frozen', '3 + 3: waits, then frozen'),
    (scene) => ({
      budget: { burst: 1, refillMs: 86_400_000 },
      before: () => scene.spendBudget(),
    }),
  ),
  trouble('its dead-letter and retry topics are missing', ofCopies('no start', 'no start', 'no start'), () => ({
    topicsMissing: true,
  })),
];
