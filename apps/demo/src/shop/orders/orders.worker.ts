import { Controller, UseInterceptors } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import { KafkaWorker, KafkaWorkerContext } from '@kafka-worker/nestjs';
import { BREAK } from '../common/faults.js';
import type { Order } from '../common/order.dto.js';
import { RETRY } from '../common/simulated-work.js';
import { TOPICS } from '../common/topics.js';
import { JournalInterceptor } from '../journal/journal.interceptor.js';
import { OrdersService } from './orders.service.js';

/** A customer's orders one after the other, those of different customers side by side. */
@Controller()
@UseInterceptors(JournalInterceptor)
export class OrdersWorker {
  constructor(private readonly orders: OrdersService) {}

  @KafkaWorker({ topic: TOPICS.orders, concurrency: BREAK === 'order' ? 'unordered' : 'key', limit: 12, retry: RETRY })
  async onOrder(@Payload() order: Order, @Ctx() context: KafkaWorkerContext): Promise<void> {
    await this.orders.place(order, context.getAttempt(), context.getSignal());
  }
}
