import { context as contexts } from '@opentelemetry/api';
import { ensureError } from '@kafka-worker/engine';
import { Observable } from 'rxjs';
import type { AttemptSpan } from './attempt-span.js';

/**
 * What a handler gives, with the span of its attempt around it. Subscribed to in its context too: Nest subscribes to the
 * Observable that a handler returns outside of the scope that it binds for the handler's call.
 * @internal
 */
export function traced(attempt: AttemptSpan, handle: () => Observable<unknown>): Observable<unknown> {
  const handled = contexts.with(attempt.context, handle);
  return new Observable((subscriber) => {
    const subscription = contexts.with(attempt.context, () =>
      handled.subscribe({
        next: (value) => subscriber.next(value),
        error: (thrown: unknown) => {
          attempt.ended(ensureError(thrown));
          subscriber.error(thrown);
        },
        complete: () => subscriber.complete(),
      }),
    );
    return () => {
      attempt.ended(undefined); // complete, or nobody wants it any more
      subscription.unsubscribe();
    };
  });
}
