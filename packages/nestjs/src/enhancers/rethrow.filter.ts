import 'reflect-metadata';
import { Catch, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { throwError } from 'rxjs';
import { NEST_METADATA } from '../constants.js';
import { isKafkaWorkerContext, KafkaWorkerContext } from '../context/kafka-worker.context.js';

type FilterClass = abstract new (...args: never[]) => unknown;

/**
 * Lets the error a handler, guard or pipe threw reach the engine as it is. Without it Nest replaces all that is no
 * `RpcException` by `{ status: 'error', message: 'Internal server error' }` and retry decisions by class are impossible.
 *
 * It is the last of the method's filters, put after those of the class (see `bind-rethrow-filter`), and asks the global
 * ones itself, since Nest's order is method, class, global and a filter cannot decline.
 */
@Catch()
export class RethrowFilter implements ExceptionFilter {
  catch(error: unknown, host: ArgumentsHost): unknown {
    const context: unknown = host.getArgByIndex(1);
    // Another transport's call of a handler both have: nothing returned means that Nest does what it does without us.
    if (!isKafkaWorkerContext(context)) return undefined;
    const filter = KafkaWorkerContext.globalFilters(context).findLast((candidate) => catches(candidate, error));
    const answer = (filter as ExceptionFilter | undefined)?.catch(error, host) as unknown;
    // As Nest does for filters of its own: an answer that is nothing leaves the error unhandled.
    return answer ? answer : throwError(() => error);
  }
}

/** Whether `@Catch()` of a filter names the error: Nest's own rule. */
function catches(filter: object, error: unknown): boolean {
  const prototype = Object.getPrototypeOf(filter) as object;
  const types = (Reflect.getMetadata(NEST_METADATA.caught, prototype) ??
    Reflect.getMetadata(NEST_METADATA.caught, filter.constructor) ??
    []) as readonly FilterClass[];
  return types.length === 0 || types.some((type) => error instanceof type);
}
