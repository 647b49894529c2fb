import { setTimeout } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { InjectKafkaProducer, KafkaWorkerProducer } from '@kafka-worker/nestjs';
import type { Payment } from './ledger.service.js';

@Injectable()
export class ReceiptsService {
  constructor(@InjectKafkaProducer() private readonly producer: KafkaWorkerProducer) {}

  /** An effect that is not in the database: no transaction takes it back. */
  async print({ id, ms }: Payment): Promise<void> {
    await this.producer.send({ topic: 'receipts', value: { payment: id } });
    await setTimeout(ms); // a printer
  }
}
