import { Controller, UseInterceptors } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import { KafkaWorker, KafkaWorkerContext } from '@kafka-worker/nestjs';
import { RETRY } from '../common/simulated-work.js';
import { TOPICS } from '../common/topics.js';
import { JournalInterceptor } from '../journal/journal.interceptor.js';
import type { Payment } from './payment.dto.js';
import { PaymentsService } from './payments.service.js';

/** The ledger of a bank: strictly in the order of the partition. */
@Controller()
@UseInterceptors(JournalInterceptor)
export class PaymentsWorker {
  constructor(private readonly payments: PaymentsService) {}

  @KafkaWorker({ topic: TOPICS.payments, concurrency: 'partition', limit: 4, retry: RETRY })
  async onPayment(@Payload() payment: Payment, @Ctx() context: KafkaWorkerContext): Promise<void> {
    await this.payments.take(payment, context.getAttempt(), context.getSignal());
  }
}
