import type { Clock } from '../clock.js';
import type { CompiledWorkerOptions } from '../options/worker-options.js';
import { KafkaWorkerError } from '../errors/kafka-worker.error.js';
import type { EventHub } from '../events/emitter.js';
import type { DeadLetterBudget } from './dead-letter-budget.js';
import type { DeadLetterPolicy, Failure } from './failure-policy.js';
import { freeze, retryTopicName } from './failure-policy.js';
import { deadLetterOf, retryCopyOf, type CopyOf } from './forward-copy.js';
import type { Forwarder } from './forwarder.js';
import type { Freezer } from './freezer.js';
import { whichIs } from './settler.js';
import type { Task } from './task.js';
import { judge } from './verdict.js';

/** What a disposer works with. */
export interface DisposerSite {
  readonly clock: Clock;
  readonly events: EventHub;
  readonly options: CompiledWorkerOptions;
  readonly forwarder: Forwarder;
  readonly freezer: Freezer;
  readonly budget: DeadLetterBudget | undefined;
}

/**
 * What the lane of a failed record does next.
 * over     it is settled or stands: its slot is free
 * waiting  for an acknowledgement
 * again    after `delayMs`
 */
export type Next = { readonly type: 'over' | 'waiting' } | { readonly type: 'again'; readonly delayMs: number };

const OVER: Next = { type: 'over' };
const WAITING: Next = { type: 'waiting' };

/** Decides what becomes of a record after a failed attempt, and has it done. */
export class Disposer {
  constructor(readonly site: DisposerSite) {}

  failed(task: Task, error: Error): Next {
    const { clock, events, options, freezer } = this.site;
    task.error = error;
    const { origin } = task;
    const since = origin?.firstFailedAt ?? task.delays?.since ?? clock.now();
    const ageMs = clock.now() - since;
    const verdict = judge(error, { attempt: task.attempt, delaysUsed: task.delaysUsed, ageMs }, task.record, options);
    const retryInMs = verdict.type === 'retry' ? verdict.delayMs : undefined;
    events.emit({ type: 'record.failed', ...whichIs(task), error, retryInMs });
    switch (verdict.type) {
      case 'retry':
        if (!verdict.counts) task.attempt--;
        task.assignment.counts.retries++;
        return { type: 'again', delayMs: verdict.delayMs };
      case 'skip':
        return this.skip(task);
      case 'freeze':
        freezer.freeze(task, verdict.policy, verdict.reason, error);
        return OVER;
      case 'dead-letter':
        return this.#deadLetter(task, verdict.policy, error);
      case 'delay': {
        task.delays = { used: verdict.delaysUsed, since, attempts: (task.delays?.attempts ?? 0) + task.attempt };
        freezer.freeze(task, freeze('key', { unfreezeAfterMs: verdict.delayMs }), 'delay', error);
        return OVER;
      }
      case 'retry-topic': {
        const topic = retryTopicName((origin ?? task.record).topic, task.groupId, verdict.delayMs);
        const of = this.#copyOf(task, error, topic);
        const copy = retryCopyOf(of, topic, verdict.delayMs, verdict.delaysUsed);
        return this.#forward(task, { disposition: 'retried-later', error, copy });
      }
    }
  }

  /** Settles a record that no handler has as skipped. */
  skip(task: Task): Next {
    return this.#forward(task, { disposition: 'skipped', error: task.error, copy: undefined });
  }

  #deadLetter(task: Task, policy: DeadLetterPolicy, error: Error): Next {
    const { clock, freezer, budget } = this.site;
    if (budget !== undefined && !budget.take(clock.now())) {
      const message = `${task.worker} has sent as many dead letters to ${policy.topic} as its budget allows; this record failed with: ${error.message}`;
      const spent = new KafkaWorkerError('DEAD_LETTER_BUDGET', message, { cause: error });
      freezer.freeze(task, policy.whenSpent, 'budget', spent);
      return OVER;
    }
    const copy = deadLetterOf(this.#copyOf(task, error, policy.topic), policy);
    return this.#forward(task, { disposition: 'dead-lettered', error, copy, unsent: () => budget?.giveBack() });
  }

  #forward(task: Task, plan: Parameters<Forwarder['forward']>[1]): Next {
    return this.site.forwarder.forward(task, plan) ? WAITING : OVER;
  }

  #copyOf(task: Task, error: Error, topic: string): CopyOf {
    const { clock, forwarder } = this.site;
    const { record, origin, worker, groupId } = task;
    const failure: Failure = {
      error,
      attempts: (origin?.attempts ?? task.delays?.attempts ?? 0) + task.attempt,
      worker,
      groupId,
    };
    const now = clock.now();
    const firstFailedAt = origin?.firstFailedAt ?? task.delays?.since ?? now;
    return { record, origin, failure, firstFailedAt, now, partitions: forwarder.parts.site.partitions(topic) };
  }
}
