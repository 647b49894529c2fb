import { ensureError } from '@kafka-worker/engine';
import { Catch, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { PROBLEM_JSON, problemOf, unexpected, type Problem } from './problem.js';

/** Answers every error of these routes, those of guards included, as a problem. Bound to their controllers only. @internal */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  readonly #logger = new Logger('KafkaWorkerAdmin');

  constructor(protected readonly adapters: HttpAdapterHost) {}

  catch(thrown: unknown, host: ArgumentsHost): Problem {
    const problem = problemOf(thrown) ?? this.#unexpected(ensureError(thrown));
    const { httpAdapter } = this.adapters;
    const response: unknown = host.switchToHttp().getResponse();
    httpAdapter.setHeader(response, 'Content-Type', PROBLEM_JSON);
    // As text: of an object Nest 11's Express adapter says that it is `application/json`.
    httpAdapter.reply(response, JSON.stringify(problem), problem.status);
    return problem;
  }

  #unexpected(error: Error): Problem {
    this.#logger.error(error.message, error.stack);
    return unexpected();
  }
}
