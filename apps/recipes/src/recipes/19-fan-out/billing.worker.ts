// 19 Fan-out: two groups on one topic in one app
// order:   each group has its own: billing by key, search in any order
// failure: each group has its own: what stops billing does not stop search
// speed:   each group at its own pace, with its own offsets; the slow one holds nobody up
// use:     when one event has several consequences that fail, scale and are repeated on their own
import { Controller } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import { KafkaWorker, KafkaWorkerContext } from '@kafka-worker/nestjs';
import { BillingService } from './billing.service.js';
import type { Purchase } from './purchase.js';

@Controller()
export class BillingWorker {
  constructor(private readonly billing: BillingService) {}

  @KafkaWorker({ topic: 'purchases', groupId: 'billing', concurrency: 'key', limit: 2 })
  async onPurchase(@Payload() purchase: Purchase, @Ctx() context: KafkaWorkerContext): Promise<void> {
    await this.billing.charge(context.getKey() ?? 'guest', purchase.cents);
  }
}
