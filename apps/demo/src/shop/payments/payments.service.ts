import { Injectable } from '@nestjs/common';
import { InjectKafkaProducer, KafkaWorkerProducer } from '@kafka-worker/nestjs';
import { SimulatedWork } from '../common/simulated-work.js';
import { TOPICS } from '../common/topics.js';
import type { Notification } from '../notifications/notification.dto.js';
import type { Payment } from './payment.dto.js';

@Injectable()
export class PaymentsService {
  constructor(
    private readonly work: SimulatedWork,
    @InjectKafkaProducer() private readonly producer: KafkaWorkerProducer,
  ) {}

  /** Takes the money, then asks for the mail. Done when the broker has the request. */
  async take(payment: Payment, attempt: number, signal: AbortSignal): Promise<void> {
    await this.work.do({ name: 'payment', orderId: payment.orderId, attempt, leastMs: 5, mostMs: 25, signal });
    const notification: Notification = {
      orderId: payment.orderId,
      customer: payment.customer,
      seq: payment.seq,
      text: `Order ${payment.orderId} is paid: ${(payment.cents / 100).toFixed(2)}`,
    };
    await this.producer.send({ topic: TOPICS.notifications, key: payment.customer, value: notification });
  }
}
