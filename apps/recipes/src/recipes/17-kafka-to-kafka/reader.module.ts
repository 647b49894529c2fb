import { Controller, Module } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import { KafkaWorker, KafkaWorkerContext, KafkaWorkerModule } from '@kafka-worker/nestjs';
import { KafkaConfig } from '../../harness/index.js';
import type { Invoice } from './billing.service.js';

/** Reads what is committed, as every worker does, and writes down whose invoices it has got. */
@Controller()
export class InvoicesReader {
  readonly invoices: string[] = [];
  readonly plain: string[] = [];

  @KafkaWorker({ topics: ['invoices', 'invoices-plain'] })
  onInvoice(@Payload() { order }: Invoice, @Ctx() context: KafkaWorkerContext): void {
    (context.getTopic() === 'invoices' ? this.invoices : this.plain).push(order);
  }
}

@Module({
  imports: [
    KafkaWorkerModule.forRootAsync({
      inject: [KafkaConfig],
      useFactory: ({ driver }: KafkaConfig) => ({ driver, consumer: { groupId: 'customers' } }),
    }),
  ],
  controllers: [InvoicesReader],
})
export class ReaderModule {}
