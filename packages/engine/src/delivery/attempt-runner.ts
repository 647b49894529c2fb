import type { Clock } from '../clock.js';
import { KafkaWorkerError } from '../errors/kafka-worker.error.js';
import type { WorkerInstrumentation } from '../instrumentation/worker-instrumentation.js';
import type { WorkerDefinition } from '../options/engine-options.js';
import { Attempt } from './attempt.js';
import type { DeliveryHandler } from './delivery.js';
import type { Task } from './task.js';

/** A handler that has not settled this long after its timeout counts as failed anyhow. Milliseconds. */
const TIMEOUT_GRACE_MS = 5000;

/** What attempts are made with. */
export interface AttemptSetup {
  readonly handle: DeliveryHandler;
  readonly unwrap: WorkerDefinition['unwrap'];
  readonly timeoutMs: number | undefined;
  /** Handlers get an object for each attempt: see {@link Attempt}. */
  readonly apart: boolean;
  /** Looks on; undefined: nobody does. */
  readonly instrumentation: WorkerInstrumentation | undefined;
}

/** Told how attempts end; `run` says which one, so that the result of one that was given up can be told apart. */
export interface AttemptListener {
  succeeded(task: Task, run: number): void;
  failed(task: Task, run: number, thrown: unknown): void;
}

/** Calls the handler, once for each attempt, and watches its time. */
export class AttemptRunner {
  constructor(
    readonly setup: AttemptSetup,
    readonly clock: Clock,
    readonly listener: AttemptListener,
  ) {}

  /** The attempt has begun. */
  run(task: Task): void {
    const { run } = task;
    const { handle, unwrap, timeoutMs, apart, instrumentation } = this.setup;
    if (timeoutMs !== undefined) this.#watch(task, timeoutMs);
    let result: unknown;
    const delivery = apart ? new Attempt(task) : task;
    try {
      const scope = (task.scope = instrumentation?.attempt?.(delivery, task.batch?.scope));
      if (task.broken !== undefined) throw task.broken;
      result = scope?.run === undefined ? handle(delivery) : scope.run(() => handle(delivery));
    } catch (thrown) {
      this.listener.failed(task, run, thrown);
      return;
    }
    if (isThenable(result)) this.#await(task, run, result, unwrap);
    else this.#returned(task, run, result, unwrap);
  }

  /** The attempt is over, before anything else is made of it. `error` is asked for only where somebody looks on. */
  ended(task: Task, error: () => Error | undefined): void {
    const { instrumentation } = this.setup;
    if (instrumentation === undefined) return;
    const failure = error();
    const durationMs = this.clock.now() - task.assignment.since - task.startedAt;
    task.scope?.ended?.(failure);
    instrumentation.attemptEnded?.(task, durationMs, failure);
  }

  clearTimer(task: Task): void {
    if (task.timer === undefined) return;
    this.clock.clearTimer(task.timer);
    task.timer = undefined;
  }

  /** What an attempt that was given up failed with. */
  timeoutError(task: Task, thrown: unknown): Error {
    const message = `attempt ${task.attempt} ran longer than ${this.setup.timeoutMs} ms`;
    return new KafkaWorkerError('HANDLER_TIMEOUT', message, { cause: thrown, canRetry: true });
  }

  /** One promise a record is all that is made here: `unwrap` runs in it, and makes another only where it must. */
  #await(task: Task, run: number, result: PromiseLike<unknown>, unwrap: WorkerDefinition['unwrap']): void {
    result.then(
      (value) => this.#returned(task, run, value, unwrap),
      (thrown: unknown) => this.listener.failed(task, run, thrown),
    );
  }

  #returned(task: Task, run: number, value: unknown, unwrap: WorkerDefinition['unwrap']): void {
    if (unwrap !== undefined) {
      try {
        const inner = this.#unwrapped(task, value, unwrap);
        if (inner !== undefined) return this.#await(task, run, inner, undefined);
      } catch (thrown) {
        return this.listener.failed(task, run, thrown);
      }
    }
    this.listener.succeeded(task, run);
  }

  /** What is no object has nothing in it that could begin now. */
  #unwrapped(
    { scope }: Task,
    value: unknown,
    unwrap: NonNullable<WorkerDefinition['unwrap']>,
  ): PromiseLike<unknown> | undefined {
    if (scope?.resume === undefined || typeof value !== 'object' || value === null) return unwrap(value);
    return scope.resume(() => unwrap(value)) as PromiseLike<unknown> | undefined;
  }

  /** One attempt's time: first the signal aborts, then, if the handler does not react, it counts as failed. */
  #watch(task: Task, timeoutMs: number): void {
    const run = task.run;
    task.timer = this.clock.setTimer(() => {
      task.abort('timeout');
      task.timer = this.clock.setTimer(() => this.listener.failed(task, run, undefined), TIMEOUT_GRACE_MS);
    }, timeoutMs);
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}
