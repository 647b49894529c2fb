// 10 Exactly once: a database transaction for each record
// order:   each partition in the order of its log (here: one partition), in the next member as well
// failure: row and offset are committed as one or not at all, after kill -9 too; what is beside them may come twice
// speed:   one transaction per record: as fast as the database commits, times the partitions or keys at once
// use:     when the effect is in a database of yours and must be there once: ledgers, balances, stock
import { Controller } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import { KafkaWorker, KafkaWorkerContext } from '@kafka-worker/nestjs';
import type { PoolClient } from 'pg';
import { LedgerService, type Payment } from './ledger.service.js';
import { ReceiptsService } from './receipts.service.js';

@Controller()
export class PaymentsWorker {
  constructor(
    private readonly ledger: LedgerService,
    private readonly receipts: ReceiptsService,
  ) {}

  @KafkaWorker({ topic: 'payments', concurrency: 'partition' })
  async onPayment(@Payload() payment: Payment, @Ctx() context: KafkaWorkerContext): Promise<void> {
    await this.ledger.enter(payment, context.getTransaction<PoolClient>());
    await this.receipts.print(payment);
  }
}
