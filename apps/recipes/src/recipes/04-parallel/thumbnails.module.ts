import { Module } from '@nestjs/common';
import { KafkaWorkerModule } from '@kafka-worker/nestjs';
import { KafkaConfig } from '../../harness/index.js';
import { ThumbnailsService } from './thumbnails.service.js';
import { ThumbnailsWorker } from './thumbnails.worker.js';

@Module({
  imports: [
    KafkaWorkerModule.forRootAsync({
      inject: [KafkaConfig],
      useFactory: ({ driver }: KafkaConfig) => ({ driver, consumer: { groupId: 'thumbnails' } }),
    }),
  ],
  controllers: [ThumbnailsWorker],
  providers: [ThumbnailsService],
})
export class ThumbnailsModule {}
