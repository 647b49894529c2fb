import { UnsupportedMediaTypeException } from '@nestjs/common';
import { ProblemError } from './problem.js';
import { BODIES, checkTogether, type AdminRequest, type BodyOf, type KafkaWorkerCommand } from './requests.js';
import { readShape, type Shape, type Shaped } from './shape.js';

/** The query of a route. @throws ProblemError validation with every mistake. @internal */
export function readQuery<S extends Shape>(shape: S, { query }: AdminRequest): Shaped<S> {
  const { value, mistakes } = readShape(shape, query, 'query');
  if (mistakes.length > 0) throw ProblemError.mistakes(mistakes);
  return value;
}

/**
 * Query and body of a command.
 * @throws ProblemError validation with every mistake of both; UnsupportedMediaTypeException. @internal
 */
export function readCommand<C extends KafkaWorkerCommand, Q extends Shape>(
  command: C,
  queryShape: Q,
  request: AdminRequest,
): { readonly query: Shaped<Q>; readonly body: BodyOf<C> } {
  if (hasUnreadBody(request)) {
    throw new UnsupportedMediaTypeException('the body has to be JSON, with the content type application/json');
  }
  const query = readShape(queryShape, request.query, 'query');
  const body = readShape<Shape>(BODIES[command], request.body, 'body');
  const mistakes = [...query.mistakes, ...body.mistakes, ...checkTogether(body.value)];
  if (mistakes.length > 0) throw ProblemError.mistakes(mistakes);
  return { query: query.value, body: body.value as BodyOf<C> };
}

/** A body that nobody has parsed would be taken for none, and a command for one partition for one of them all. */
function hasUnreadBody({ headers = {}, body }: AdminRequest): boolean {
  if (Number(headers['content-length'] ?? 0) === 0 && headers['transfer-encoding'] === undefined) return false;
  return body === undefined || body === null || !/[/+]json\b/i.test(String(headers['content-type'] ?? ''));
}
