// 22 Groups over HTTP
// order:   each partition in the order of its log; a seek begins it anew at the offset it is sent to
// failure: a record that fails holds its partition, until an operator sends it on with a POST
// speed:   reading asks this process alone, or the brokers once; nothing of it stands in a handler's way
// use:     when people or scripts run the fleet: what a group is at, what holds it, pause, skip, replay, drain
import { Controller } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { fixed, KafkaWorker } from '@kafka-worker/nestjs';
import { RefundsService, type Refund } from './refunds.service.js';

@Controller()
export class RefundsWorker {
  constructor(private readonly refunds: RefundsService) {}

  @KafkaWorker({
    topic: 'refunds',
    retry: { attempts: 2, backoff: fixed(10) },
    commit: { intervalMs: 50, records: 100 },
  })
  async onRefund(@Payload() refund: Refund): Promise<void> {
    await this.refunds.pay(refund);
  }
}
