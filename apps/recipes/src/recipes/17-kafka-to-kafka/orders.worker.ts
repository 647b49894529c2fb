// 17 Kafka to Kafka: what is sent and what was read, in one transaction
// order:   each partition in the order of its log; invoices in the order of their orders
// failure: what a cut off or failed attempt has sent is never read by a reader of the committed; it is made again
// speed:   many records share a transaction; readers see its records when it is committed
// use:     to make topics from topics: enrich, filter, split, where each result must be there once
import { Controller } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import { KafkaWorker, KafkaWorkerContext, transactional } from '@kafka-worker/nestjs';
import { BillingService, type Order } from './billing.service.js';

@Controller()
export class OrdersWorker {
  constructor(private readonly billing: BillingService) {}

  @KafkaWorker({ topic: 'orders', delivery: transactional(), commit: { records: 8, intervalMs: 60_000 } })
  async onOrder(@Payload() order: Order, @Ctx() context: KafkaWorkerContext): Promise<void> {
    const invoice = this.billing.invoice(order);
    context.send({ topic: 'invoices', key: order.id, value: invoice });
    // What not to do, for comparison: this one is out at once and for good, whatever becomes of the order.
    await context.getProducer().send({ topic: 'invoices-plain', key: order.id, value: invoice });
    await this.billing.file(invoice);
  }
}
