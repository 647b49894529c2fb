import { Inject, Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import { isKafkaWorkerContext } from '@kafka-worker/nestjs';
import { defer, from, lastValueFrom, type Observable } from 'rxjs';
import type { WorkEntry } from '../../ledger/work-entry.js';
import { BREAK } from '../common/faults.js';
import { TOPICS } from '../common/topics.js';
import { JOURNAL, type Journal } from './journal.js';

/** What every payload of the shop names. */
interface Step {
  readonly id?: number;
  readonly orderId?: number;
  readonly customer: string;
  readonly seq: number;
}

const LOSE_EVERY = 50;

/** Writes the start and the end of every attempt into the journal. */
@Injectable()
export class JournalInterceptor implements NestInterceptor {
  constructor(@Inject(JOURNAL) private readonly journal: Journal) {}

  intercept(host: ExecutionContext, next: CallHandler): Observable<unknown> {
    return defer(() => from(this.#journaled(host, next)));
  }

  async #journaled(host: ExecutionContext, next: CallHandler): Promise<unknown> {
    const rpc = host.switchToRpc();
    const context: unknown = rpc.getContext();
    const handle = (): Promise<unknown> =>
      lastValueFrom<unknown, undefined>(next.handle(), { defaultValue: undefined });
    if (!isKafkaWorkerContext(context)) return handle();
    const { id, orderId = id ?? 0, customer, seq } = rpc.getData<Step>();
    const entry: Omit<WorkEntry, 'kind'> = {
      topic: context.getTopic(),
      partition: context.getPartition(),
      offset: context.getOffset(),
      key: customer,
      orderId,
      seq,
    };
    this.journal.write({ kind: 'start', ...entry });
    try {
      const result = await handle();
      if (!isLost(entry)) await this.journal.confirm({ kind: 'done', ...entry });
      return result;
    } catch (error) {
      this.journal.write({ kind: 'failed', ...entry });
      throw error;
    }
  }
}

function isLost({ topic, orderId }: Omit<WorkEntry, 'kind'>): boolean {
  return BREAK === 'loss' && topic === TOPICS.notifications && orderId % LOSE_EVERY === 0;
}
