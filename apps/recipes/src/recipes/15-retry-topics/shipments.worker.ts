// 15 Retry, retry topics, dead letters, replay
// order:   records of one key one after the other; what waits in a retry topic, or is replayed, is overtaken
// failure: two attempts in the lane, more from retry topics after 200 and 400 ms, then a dead letter, or too many: freeze
// speed:   nobody waits for a record that is tried later, neither its key nor its partition
// use:     calls of a service that is down at times, where going on matters more than order
import { Controller } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { deadLetter, fixed, KafkaWorker, retryTopics } from '@kafka-worker/nestjs';
import { CarrierService, type Shipment } from './carrier.service.js';

@Controller()
export class ShipmentsWorker {
  constructor(private readonly carrier: CarrierService) {}

  @KafkaWorker({
    topic: 'shipments',
    concurrency: 'key',
    retry: { attempts: 2, backoff: fixed(50) }, // a hiccup: wait in the lane
    onFailure: retryTopics(
      [200, 400], // yours are minutes
      deadLetter({
        topic: 'shipments.dead',
        // Four in a row, and one more for every ten shipments that succeed: an outage freezes instead.
        budget: { burst: 4, share: 0.1 },
        include: { stack: false },
        create: true,
      }),
      // With `orderedBy: 'key'` the key would wait in its place instead, nothing of it overtaken, and no topic be needed.
      { create: true },
    ),
  })
  async onShipment(@Payload() shipment: Shipment): Promise<void> {
    await this.carrier.book(shipment);
  }
}
