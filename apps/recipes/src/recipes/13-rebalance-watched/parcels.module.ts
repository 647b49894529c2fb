import { type DynamicModule, Module } from '@nestjs/common';
import { KafkaWorkerModule, type RebalanceOptions } from '@kafka-worker/nestjs';
import { KafkaConfig } from '../../harness/index.js';
import { CarrierService } from './carrier.service.js';
import { ParcelsWorker } from './parcels.worker.js';

/** The same app for either strategy, each in a group of its own. */
@Module({ controllers: [ParcelsWorker], providers: [CarrierService] })
export class ParcelsModule {
  static with(strategy: NonNullable<RebalanceOptions['strategy']>): DynamicModule {
    return {
      module: ParcelsModule,
      imports: [
        KafkaWorkerModule.forRootAsync({
          inject: [KafkaConfig],
          useFactory: ({ driver }: KafkaConfig) => ({
            driver,
            consumer: { groupId: `shipping-${strategy}` },
            rebalance: { strategy },
          }),
        }),
      ],
    };
  }
}
