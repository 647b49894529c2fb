// 07 Batch-level and worker-level together
// order:   records of one sensor one after the other, sensors independent of each other
// failure: a batch is over when its last record is settled, retries included; it knows how many attempts have failed
// speed:   a span for each batch and each record; with spans: 'batch' alone a third of the cost
// use:     to see whether time goes into handlers or into waiting for the slowest record of what was fetched together
import { Controller } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import { fixed, KafkaWorker, KafkaWorkerContext, skip } from '@kafka-worker/nestjs';
import { type Reading, ReadingsService } from './readings.service.js';

@Controller()
export class ReadingsWorker {
  constructor(private readonly readings: ReadingsService) {}

  @KafkaWorker({
    topic: 'readings',
    concurrency: 'key',
    limit: 4,
    retry: { attempts: 2, backoff: fixed(30) },
    onFailure: skip(),
  })
  async onReading(@Payload() reading: Reading, @Ctx() context: KafkaWorkerContext): Promise<void> {
    await this.readings.store(reading, context.getAttempt());
  }
}
