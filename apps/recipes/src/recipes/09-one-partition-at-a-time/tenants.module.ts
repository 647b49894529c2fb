import { Module } from '@nestjs/common';
import { KafkaWorkerModule } from '@kafka-worker/nestjs';
import { KafkaConfig } from '../../harness/index.js';
import { TenantsService } from './tenants.service.js';
import { TenantsWorker } from './tenants.worker.js';

@Module({
  imports: [
    KafkaWorkerModule.forRootAsync({
      inject: [KafkaConfig],
      useFactory: ({ driver }: KafkaConfig) => ({ driver, consumer: { groupId: 'migration' } }),
    }),
  ],
  controllers: [TenantsWorker],
  providers: [TenantsService],
})
export class TenantsModule {}
