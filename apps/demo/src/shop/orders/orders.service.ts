import { Injectable } from '@nestjs/common';
import { InjectKafkaProducer, KafkaWorkerProducer } from '@kafka-worker/nestjs';
import type { Order } from '../common/order.dto.js';
import { SimulatedWork } from '../common/simulated-work.js';
import { TOPICS } from '../common/topics.js';
import type { Payment } from '../payments/payment.dto.js';

@Injectable()
export class OrdersService {
  constructor(
    private readonly work: SimulatedWork,
    @InjectKafkaProducer() private readonly producer: KafkaWorkerProducer,
  ) {}

  /** Reserves the goods, then asks for the payment. Done when the broker has the request. */
  async place(order: Order, attempt: number, signal: AbortSignal): Promise<void> {
    await this.work.do({ name: 'reservation', orderId: order.id, attempt, leastMs: 5, mostMs: 60, signal });
    const payment: Payment = {
      orderId: order.id,
      customer: order.customer,
      seq: order.seq,
      cents: order.cents,
    };
    await this.producer.send({ topic: TOPICS.payments, key: order.customer, value: payment });
  }
}
