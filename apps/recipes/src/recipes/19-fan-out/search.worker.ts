import { Controller } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { KafkaWorker } from '@kafka-worker/nestjs';
import type { Purchase } from './purchase.js';
import { SearchService } from './search.service.js';

/** The same topic in another group: it gets every record, too. */
@Controller()
export class SearchWorker {
  constructor(private readonly search: SearchService) {}

  @KafkaWorker({ topic: 'purchases', groupId: 'search', concurrency: 'unordered', limit: 10 })
  async onPurchase(@Payload() purchase: Purchase): Promise<void> {
    await this.search.index(purchase.item);
  }
}
