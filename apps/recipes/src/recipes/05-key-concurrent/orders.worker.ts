// 05 Key-concurrent
// order:   records of one key one after the other, keys independent of each other
// failure: three attempts, during which only its key waits; then that key stands still, the others go on
// speed:   as many keys at once as the limit (16 by default), whatever the number of partitions
// use:     the usual case: entities with a life of their own, such as orders, accounts, devices
import { Controller } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import { freeze, KafkaWorker, KafkaWorkerContext } from '@kafka-worker/nestjs';
import { OrdersService, type OrderEvent } from './orders.service.js';

@Controller()
export class OrdersWorker {
  constructor(private readonly orders: OrdersService) {}

  @KafkaWorker({ topic: 'orders', concurrency: 'key', onFailure: freeze('key') })
  async onOrder(@Payload() event: OrderEvent, @Ctx() context: KafkaWorkerContext): Promise<void> {
    await this.orders.apply(context.getKey() ?? 'unknown', event);
  }
}
