// 21 Assignment strategies compared
// order:   each partition in the order of its log, whoever owns it; the same with every strategy
// failure: none here; nothing is repeated when a member comes, with none of them
// speed:   cooperative stops only what moves; the others stop everything in each join, as long as the slowest handler
// use:     the default in a fleet of your own; range or round-robin where other clients are in the group
import { Controller } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { KafkaWorker } from '@kafka-worker/nestjs';
import { MeterService, type Reading } from './meter.service.js';

@Controller()
export class MetersWorker {
  constructor(private readonly meter: MeterService) {}

  @KafkaWorker({ topic: 'readings', concurrency: 'partition' })
  async onReading(@Payload() reading: Reading): Promise<void> {
    await this.meter.store(reading);
  }
}
