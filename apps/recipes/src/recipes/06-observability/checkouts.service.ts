import { setTimeout } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import { trace } from '@opentelemetry/api';

export interface Checkout {
  readonly id: string;
  readonly card: string;
}

/** Knows nothing of Kafka: its lines name the record, its spans hang below the handler's all the same. */
@Injectable()
export class CheckoutsService {
  private readonly logger = new Logger(CheckoutsService.name);

  async charge({ id }: Checkout, attempt: number): Promise<void> {
    // as the instrumentation of an HTTP client does it
    await trace.getTracer('checkouts').startActiveSpan('POST bank', async (span) => {
      await setTimeout(10);
      span.end();
    });
    if (id === 'c-2' && attempt === 1) {
      this.logger.warn('the bank has no answer');
      throw new Error('the bank has no answer');
    }
    this.logger.log('charged');
  }

  async mail(_checkout: Checkout): Promise<void> {
    await setTimeout(5);
    this.logger.log('receipt is out');
  }
}
