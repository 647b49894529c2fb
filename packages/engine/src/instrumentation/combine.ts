import type {
  AttemptScope,
  BatchScope,
  SendScope,
  TakenBatch,
  WorkerInstrumentation,
} from './worker-instrumentation.js';
import type { OutgoingRecord } from '../driver/driver.js';

/**
 * Several instrumentations as one, or undefined where there is none. Scopes nest in the order given: the first is the
 * outermost, and ends last. A part that none of them has is left out, so that it costs nothing.
 */
export function combineInstrumentations(all: readonly WorkerInstrumentation[]): WorkerInstrumentation | undefined {
  if (all.length <= 1) return all[0];
  const having = <K extends keyof WorkerInstrumentation>(part: K): Having<K>[] =>
    all.filter((one): one is Having<K> => one[part] !== undefined);
  const attempts = having('attempt');
  const batches = having('batch');
  const sends = having('sending');
  const ends = having('attemptEnded');
  const [firstEnd, secondEnd] = ends;
  return {
    attached: (engine) => all.forEach((one) => one.attached?.(engine)),
    detached: (engine) => all.forEach((one) => one.detached?.(engine)),
    event: (event) => all.forEach((one) => one.event?.(event)),
    ...(attempts.length > 0 && { attempt: attemptOf(attempts, batches) }),
    ...(firstEnd && {
      attemptEnded:
        secondEnd === undefined
          ? (delivery, durationMs, error) => firstEnd.attemptEnded(delivery, durationMs, error)
          : (delivery, durationMs, error) => ends.forEach((one) => one.attemptEnded(delivery, durationMs, error)),
    }),
    ...(batches.length > 0 && { batch: (batch) => batchOf(batches, batch) }),
    ...(sends.length > 0 && { sending: (records, during) => sendOf(sends, records, during) }),
  };
}

type Having<K extends keyof WorkerInstrumentation> = WorkerInstrumentation & Required<Pick<WorkerInstrumentation, K>>;

/** Where one alone has a scope that one is used as it is: this lies on the way of every record. */
function attemptOf(
  attempts: readonly Having<'attempt'>[],
  batches: readonly Having<'batch'>[],
): NonNullable<WorkerInstrumentation['attempt']> {
  const batchIndex = attempts.map((one) => batches.indexOf(one as Having<'batch'>));
  return (delivery, batch) => {
    let first: AttemptScope | undefined;
    let several: AttemptScopes | undefined;
    for (let i = 0; i < attempts.length; i++) {
      const one = attempts[i] as Having<'attempt'>;
      const scope = one.attempt(delivery, partOf(batch, batchIndex[i] as number));
      if (scope === undefined) continue;
      if (first === undefined) first = scope;
      else (several ??= new AttemptScopes([first])).scopes.push(scope);
    }
    return several ?? first;
  };
}

class AttemptScopes implements AttemptScope {
  /** @param scopes from the outside in */
  constructor(readonly scopes: AttemptScope[]) {}

  get traceId(): string | undefined {
    return this.scopes.find((scope) => scope.traceId !== undefined)?.traceId;
  }

  run(handle: () => unknown): unknown {
    let call = handle;
    for (const scope of this.scopes.toReversed()) {
      if (scope.run === undefined) continue;
      const inner = call;
      call = () => scope.run?.(inner);
    }
    return call();
  }

  resume(work: () => unknown): unknown {
    let call = work;
    for (const scope of this.scopes.toReversed()) {
      if (scope.resume === undefined) continue;
      const inner = call;
      call = () => scope.resume?.(inner);
    }
    return call();
  }

  ended(error: Error | undefined): void {
    for (const scope of this.scopes.toReversed()) scope.ended?.(error);
  }
}

class BatchScopes implements BatchScope {
  constructor(readonly scopes: readonly (BatchScope | undefined)[]) {}

  ended(): void {
    for (const scope of this.scopes.toReversed()) scope?.ended();
  }
}

/** The part of a combined batch that an instrumentation has made itself. */
function partOf(batch: BatchScope | undefined, index: number): BatchScope | undefined {
  return batch instanceof BatchScopes ? batch.scopes[index] : batch;
}

function batchOf(batches: readonly Having<'batch'>[], batch: TakenBatch): BatchScope | undefined {
  const scopes = batches.map((one) => one.batch(batch));
  return scopes.some((scope) => scope !== undefined) ? new BatchScopes(scopes) : undefined;
}

/** Each adds to what the one before it has made of the records. */
function sendOf(
  sends: readonly Having<'sending'>[],
  given: readonly OutgoingRecord[],
  during: AttemptScope | undefined,
): SendScope | undefined {
  let records = given;
  const scopes: SendScope[] = [];
  const around = during instanceof AttemptScopes ? during.scopes : during === undefined ? [] : [during];
  for (const one of sends) {
    const scope = one.sending(
      records,
      around.find(({ by }) => by === one),
    );
    if (scope === undefined) continue;
    scopes.push(scope);
    records = scope.records;
  }
  if (scopes.length === 0) return undefined;
  return { records, ended: (error) => scopes.reverse().forEach((scope) => scope.ended(error)) };
}
