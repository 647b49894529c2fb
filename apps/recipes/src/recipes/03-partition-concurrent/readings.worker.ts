// 03 Partition-concurrent
// order:   each partition in the order of its log, partitions independent of each other
// failure: three attempts, during which only its partition waits; then that partition stands still, the others go on
// speed:   one record per partition at a time: at most as many at once as there are partitions
// use:     the default, and what plain Kafka consumers promise: when the order within a partition means something
import { Controller } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { KafkaWorker } from '@kafka-worker/nestjs';
import { ReadingsService, type Reading } from './readings.service.js';

@Controller()
export class ReadingsWorker {
  constructor(private readonly readings: ReadingsService) {}

  @KafkaWorker({ topic: 'readings', concurrency: 'partition' })
  async onReading(@Payload() reading: Reading): Promise<void> {
    await this.readings.store(reading);
  }
}
