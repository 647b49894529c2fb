import {
  DeadLetterError,
  type Delivery,
  FreezeError,
  NonRetryableError,
  RetryLaterError,
  SkipRecordError,
} from '@kafka-worker/engine';
import type { Decisions } from '../decisions.js';
import type { ModelCall } from '../model/model-call.js';
import { type AttemptEnd, LATER_MS } from '../model/policy-rule.js';
import type { HandlerSpec, WorkerSpec } from '../scenario/scenario.js';
import type { ProcessClock } from './process-clock.js';

/** How a handler ends by itself. */
export type HandlerEnd = Exclude<AttemptEnd, 'timeout' | 'broken' | 'store' | 'fenced'>;

/** What one attempt does. */
export interface HandlerPlan {
  readonly pace: 'sync' | 'micro' | 'slow' | 'hang';
  /** Of a slow one. Milliseconds. */
  readonly ms: number;
  readonly end: HandlerEnd;
  /** It takes no notice of its signal. */
  readonly deaf: boolean;
  readonly commits: boolean;
}

const STEERING: readonly HandlerEnd[] = [
  'skip',
  'later',
  'freeze-key',
  'freeze-partition',
  'hopeless',
  'odd',
  'dead-letter',
];

/** @param of the worker, the record, the attempt, and how often the record was started before: what decides. */
export function planHandler(
  decisions: Decisions,
  spec: HandlerSpec,
  worker: WorkerSpec,
  of: readonly (string | number)[],
  nthStart: number,
): HandlerPlan {
  const decide = (what: string, share: number): boolean => decisions.chance(share, what, ...of, nthStart);
  const fails = decisions.chance(spec.poison, 'poison', ...of) || decide('fails', spec.fails);
  const steers = fails && decide('steers', spec.steers);
  const pace =
    worker.timeoutMs !== undefined && decide('hangs', spec.hangs)
      ? 'hang'
      : decide('sync', spec.sync)
        ? 'sync'
        : decide('micro', spec.micro)
          ? 'micro'
          : 'slow';
  return {
    pace,
    ms: Math.ceil(decisions.fraction('ms', ...of, nthStart) ** 2 * spec.maxMs),
    end: !fails ? 'ok' : steers ? decisions.pick(STEERING, 'how', ...of, nthStart) : 'error',
    deaf: decide('deaf', spec.deaf),
    commits: pace !== 'sync' && decide('commits', spec.commits),
  };
}

/** What the world is told of an attempt. */
export interface HandlerActs {
  /** It is about to commit by its own word. */
  commits(call: ModelCall): void;
  /** It is about to end like this. */
  ended(end: HandlerEnd, delivery: Delivery): void;
}

/** Acts a plan out. What it gives or throws is what the engine's handler gives or throws. */
export function actHandler(
  plan: HandlerPlan,
  delivery: Delivery,
  clock: ProcessClock,
  call: ModelCall | undefined,
  acts: HandlerActs,
): unknown {
  const { commits } = acts;
  const ended = (end: HandlerEnd): void => acts.ended(end, delivery);
  if (plan.pace === 'sync') {
    ended(plan.end);
    return conclude(plan.end);
  }
  const run = async (): Promise<void> => {
    if (plan.pace !== 'micro') await slow(plan, delivery.signal, clock);
    if (plan.commits) {
      if (call !== undefined) commits(call);
      await delivery.commit().catch(() => undefined);
    }
  };
  return run().then(
    () => {
      ended(plan.end);
      conclude(plan.end);
    },
    (error: unknown) => {
      // cut short by its signal
      if (call !== undefined) ended('error');
      throw error;
    },
  );
}

async function slow({ pace, ms, deaf }: HandlerPlan, signal: AbortSignal, clock: ProcessClock): Promise<void> {
  const work = pace === 'hang' ? new Promise<void>(() => undefined) : clock.sleep(ms);
  if (deaf) return work;
  await Promise.race([
    work,
    new Promise<never>((_, reject) => {
      if (signal.aborted) reject(signal.reason as Error);
      signal.addEventListener('abort', () => reject(signal.reason as Error));
    }),
  ]);
}

function conclude(end: HandlerEnd): void {
  switch (end) {
    case 'ok':
      return;
    case 'error':
      throw new Error('the handler failed');
    case 'odd':
      throw undefined;
    case 'skip':
      throw new SkipRecordError();
    case 'later':
      throw new RetryLaterError(LATER_MS);
    case 'freeze-key':
      throw new FreezeError('key');
    case 'freeze-partition':
      throw new FreezeError('partition');
    case 'dead-letter':
      throw new DeadLetterError();
    case 'hopeless':
      throw new NonRetryableError();
  }
}
