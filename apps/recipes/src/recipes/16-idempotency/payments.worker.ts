// 16 Idempotency with a shared cache
// order:   none here; a duplicate waits while its twin is worked on, in whichever member that is
// failure: gives the key back and is tried again; a crash between the effect and its mark repeats the effect
// speed:   two calls of the cache for each record; while the cache is away, records wait
// use:     producers that send twice, replays, effects that stand in no database of yours: payments, mails
import { Controller } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { KafkaWorker } from '@kafka-worker/nestjs';
import { BankService, type Payment } from './bank.service.js';

@Controller()
export class PaymentsWorker {
  constructor(private readonly bank: BankService) {}

  // Its `idempotency` comes from the module, which has the cache.
  @KafkaWorker({ topic: 'payments', concurrency: 'unordered', limit: 4 })
  async onPayment(@Payload() payment: Payment): Promise<void> {
    await this.bank.charge(payment);
  }
}
