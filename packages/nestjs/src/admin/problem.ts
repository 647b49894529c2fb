import { HttpException } from '@nestjs/common';
import { KafkaWorkerError, type ErrorCode } from '@kafka-worker/engine';

/** Every kind of problem these routes answer by themselves, with its status and title. Others are `about:blank`. */
export const PROBLEMS = {
  validation: { status: 400, title: 'The request is not as it has to be' },
  'unknown-target': { status: 404, title: 'There is no such target' },
  conflict: { status: 409, title: 'The target does not allow that' },
  'not-running': { status: 503, title: 'The workers do not run' },
  'broker-away': { status: 503, title: 'The cluster does not answer' },
  unexpected: { status: 500, title: 'Something went wrong' },
} as const;

/** See {@link PROBLEMS}. */
export type ProblemKind = keyof typeof PROBLEMS;

/** Media type of every problem. */
export const PROBLEM_JSON = 'application/problem+json';

/** A field that is wrong, and what is allowed in its place. */
export interface FieldMistake {
  readonly in: 'body' | 'query';
  /** Empty: the body as a whole. */
  readonly field: string;
  /** What was given, as text cut to 100 characters. Left out where nothing was, and for fields that are not known. */
  readonly value?: string;
  readonly allowed: string;
  /** All of it as a sentence. */
  readonly message: string;
}

/** RFC 9457, and what these routes add to it. */
export interface Problem {
  /** `urn:kafka-worker:problem:` and a {@link ProblemKind}; `about:blank` where the status says it all. */
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  /** The code of the error behind it: see `ERROR_CODES`. */
  readonly code?: ErrorCode;
  /** Of `validation`: every mistake at once. */
  readonly mistakes?: readonly FieldMistake[];
  /** Of `unknown-target`: what there is instead, 100 at most. */
  readonly exists?: readonly string[];
  /** Of a seek that failed on its way: what has been moved before. */
  readonly sought?: readonly object[];
}

type Extras = Pick<Problem, 'code' | 'mistakes' | 'exists' | 'sought'>;

const EXISTS_LIMIT = 100;

/** Thrown inside of these routes; the filter answers it. @internal */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly problem: Problem;

  constructor(
    readonly kind: ProblemKind,
    detail: string,
    { exists, ...extras }: Extras = {},
    options?: ErrorOptions,
  ) {
    super(detail, options);
    const { status, title } = PROBLEMS[kind];
    const cut = exists?.slice(0, EXISTS_LIMIT);
    this.problem = { type: typeOf(kind), title, status, detail, ...extras, ...(cut && { exists: cut }) };
  }

  static mistakes(mistakes: readonly FieldMistake[]): ProblemError {
    return new ProblemError('validation', mistakes.map(({ message }) => message).join('; '), { mistakes });
  }
}

/** What an error's code means for whoever asked over HTTP; those that are missing are nobody's request's fault. */
const KINDS: Partial<Record<ErrorCode, ProblemKind>> = {
  UNKNOWN_TARGET: 'unknown-target',
  TOPIC_MISSING: 'unknown-target',
  NOT_TRANSACTIONAL: 'conflict',
  CONFIGURATION: 'conflict',
  COMMIT_STALE: 'conflict',
  COMMIT_FENCED: 'conflict',
  NOT_RUNNING: 'not-running',
  COMMIT_FAILED: 'broker-away',
  CONNECTION: 'broker-away',
  CLIENT_CRASHED: 'broker-away',
  STORE_FAILED: 'broker-away',
  TRANSACTION_ABORTED: 'broker-away',
};

/** Undefined: nothing that whoever asked can do about. @internal */
export function kindOf(error: unknown): ProblemKind | undefined {
  if (error instanceof ProblemError) return error.kind;
  return KafkaWorkerError.is(error) ? KINDS[error.code] : undefined;
}

/** An error as a problem; undefined in place of one that may only be told in the log. @internal */
export function problemOf(error: unknown): Problem | undefined {
  if (error instanceof ProblemError) return error.problem;
  if (error instanceof HttpException) return ofStatus(error);
  const kind = kindOf(error);
  if (kind === undefined || !KafkaWorkerError.is(error)) return undefined;
  return new ProblemError(kind, error.message, { code: error.code }).problem;
}

/** What is said of an error that only the log may show. @internal */
export function unexpected(): Problem {
  return new ProblemError('unexpected', 'the log of the process says what').problem;
}

/** What a guard, or whatever else of the application stands before these routes, has said. */
function ofStatus(error: HttpException): Problem {
  const answer = error.getResponse();
  const said = typeof answer === 'object' ? (answer as { error?: unknown; message?: unknown }) : {};
  const detail = typeof said.message === 'string' ? said.message : error.message;
  const title = typeof said.error === 'string' ? said.error : error.name.replace(/Exception$/, '');
  return { type: 'about:blank', title, status: error.getStatus(), detail };
}

function typeOf(kind: ProblemKind): string {
  return `urn:kafka-worker:problem:${kind}`;
}
