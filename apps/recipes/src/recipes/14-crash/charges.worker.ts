// 14 Crash and redelivery
// order:   records of one key one after the other, in the next member as well
// failure: after kill -9 everything that is not committed comes again: running and done alike; committed never does
// speed:   the next member takes over when the session has timed out; commit often and less is repeated
// use:     to know what a crash costs, and why handlers have to bear being called twice
import { Controller } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { KafkaWorker } from '@kafka-worker/nestjs';
import { ChargesService, type Charge } from './charges.service.js';

@Controller()
export class ChargesWorker {
  constructor(private readonly charges: ChargesService) {}

  @KafkaWorker({ topic: 'charges', concurrency: 'key', limit: 4, commit: { records: 4, intervalMs: 60_000 } })
  async onCharge(@Payload() charge: Charge): Promise<void> {
    await this.charges.collect(charge);
  }
}
