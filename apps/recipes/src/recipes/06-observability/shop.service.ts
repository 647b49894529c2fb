import { Injectable } from '@nestjs/common';
import { SpanKind, trace } from '@opentelemetry/api';
import { InjectKafkaProducer, KafkaWorkerProducer } from '@kafka-worker/nestjs';
import type { Checkout } from './checkouts.service.js';

/** Where traces begin. The instrumentation of an HTTP server makes that span by itself. */
@Injectable()
export class ShopService {
  constructor(@InjectKafkaProducer() private readonly producer: KafkaWorkerProducer) {}

  async checkout(checkout: Checkout): Promise<void> {
    await trace.getTracer('shop').startActiveSpan('POST /checkouts', { kind: SpanKind.SERVER }, async (span) => {
      await this.producer.send({ topic: 'checkouts', key: checkout.id, value: checkout });
      span.end();
    });
  }
}
