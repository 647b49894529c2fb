import { Module, type DynamicModule } from '@nestjs/common';
import { KafkaWorkerModule } from '@kafka-worker/nestjs';
import { KafkaConfig } from '../../harness/index.js';
import { Amounts } from './amounts.js';
import { BookingsWorker } from './bookings.worker.js';
import { LedgerService } from './ledger.service.js';

@Module({
  imports: [
    KafkaWorkerModule.forRootAsync({
      inject: [KafkaConfig],
      useFactory: ({ driver }: KafkaConfig) => ({ driver }),
    }),
  ],
  controllers: [BookingsWorker],
  providers: [LedgerService],
})
export class BookingsModule {
  /** A release of the app; nothing but how it reads amounts has changed between them. */
  static release(amounts: typeof Amounts): DynamicModule {
    return { module: BookingsModule, providers: [{ provide: Amounts, useClass: amounts }] };
  }
}
