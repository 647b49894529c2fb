// 04 Parallel without order
// order:   none; what is done above an unfinished record is committed beside the offset and not repeated
// failure: three attempts, the others go on meanwhile; then the partition stands still (here: it is passed over)
// speed:   as many records at once as the limit, whatever the keys and partitions
// use:     when records have nothing to do with each other: mails, thumbnails, calls of an API
import { Controller } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { KafkaWorker, skip } from '@kafka-worker/nestjs';
import { ThumbnailsService, type Picture } from './thumbnails.service.js';

@Controller()
export class ThumbnailsWorker {
  constructor(private readonly thumbnails: ThumbnailsService) {}

  @KafkaWorker({
    topic: 'pictures',
    concurrency: 'unordered',
    limit: 8,
    commit: { intervalMs: 50 },
    onFailure: skip(),
  })
  async onPicture(@Payload() picture: Picture): Promise<void> {
    await this.thumbnails.make(picture);
  }
}
