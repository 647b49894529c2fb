import { Module, type DynamicModule } from '@nestjs/common';
import { KafkaWorkerModule, type IdempotencyStore } from '@kafka-worker/nestjs';
import { KafkaConfig } from '../../harness/index.js';
import { BankService } from './bank.service.js';
import { PaymentsWorker } from './payments.worker.js';

@Module({ controllers: [PaymentsWorker] })
export class PaymentsModule {
  /** `store`: of this member, on the cache that it shares with the others. `bank`: there is only one. */
  static of(store: IdempotencyStore, bank: BankService): DynamicModule {
    return {
      module: PaymentsModule,
      imports: [
        KafkaWorkerModule.forRootAsync({
          inject: [KafkaConfig],
          useFactory: ({ driver }: KafkaConfig) => ({
            driver,
            consumer: { groupId: 'payments' },
            worker: {
              idempotency: {
                store,
                key: ({ key }) => key?.toString(), // the payment's id; without one nothing is deduplicated
                ttlMs: 600_000, // as long as a duplicate may be late
              },
            },
          }),
        }),
      ],
      providers: [{ provide: BankService, useValue: bank }],
    };
  }
}
