// 06 Worker-level logs, traces, metrics
// order:   none here; a trace goes from worker to worker, whoever handles what
// failure: an attempt that fails is a span with its error, a line with its record, and a count
// speed:   about 5 µs a record for a span, most of it the SDK's; metrics and log context under half a microsecond
// use:     always in production: what happened to one record, and how all of them are doing
import { Controller } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import { fixed, KafkaWorker, KafkaWorkerContext } from '@kafka-worker/nestjs';
import { type Checkout, CheckoutsService } from './checkouts.service.js';

@Controller()
export class CheckoutsWorker {
  constructor(private readonly checkouts: CheckoutsService) {}

  @KafkaWorker({ topic: 'checkouts', concurrency: 'key', retry: { attempts: 2, backoff: fixed(20) } })
  async onCheckout(@Payload() checkout: Checkout, @Ctx() context: KafkaWorkerContext): Promise<void> {
    await this.checkouts.charge(checkout, context.getAttempt());
    await context.getProducer().send({ topic: 'receipts', key: checkout.id, value: checkout });
  }

  @KafkaWorker({ topic: 'receipts' })
  async onReceipt(@Payload() checkout: Checkout): Promise<void> {
    await this.checkouts.mail(checkout);
  }
}
