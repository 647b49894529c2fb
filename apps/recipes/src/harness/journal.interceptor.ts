import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import { isKafkaWorkerContext } from '@kafka-worker/nestjs';
import { type Observable, tap } from 'rxjs';
import { now } from './clock.js';
import type { AttemptOf, MemberEvent } from './journal-events.js';

/** Tells when each attempt begins and ends, so that the recipes' own handlers need not. */
@Injectable()
export class JournalInterceptor implements NestInterceptor {
  constructor(private readonly tell: (event: MemberEvent) => void) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const kafka: unknown = context.switchToRpc().getContext();
    if (!isKafkaWorkerContext(kafka)) return next.handle();
    const of: AttemptOf = {
      worker: kafka.getWorker(),
      groupId: kafka.getGroupId(),
      topic: kafka.getTopic(),
      partition: kafka.getPartition(),
      offset: kafka.getOffset(),
      key: kafka.getKey(),
      attempt: kafka.getAttempt(),
    };
    this.tell({ at: now(), type: 'start', ...of });
    const ended = (outcome: 'done' | 'failed'): void => this.tell({ at: now(), type: 'end', outcome, ...of });
    return next.handle().pipe(tap({ complete: () => ended('done'), error: () => ended('failed') }));
  }
}
