// 09 One partition at a time, three workers by key
// order:   one partition is worked on, then the next; within it records of one key one after the other
// failure: three attempts, during which only its key waits; then that key stands still and its partition is passed
// speed:   up to three handlers, all in the same partition; each gets a turn, so that none waits for ever
// use:     when a partition stands for something that is expensive to open: a tenant's database, a region, a lock
import { Controller } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import { freeze, KafkaWorker, KafkaWorkerContext } from '@kafka-worker/nestjs';
import { TenantsService, type Row } from './tenants.service.js';

@Controller()
export class TenantsWorker {
  constructor(private readonly tenants: TenantsService) {}

  @KafkaWorker({ topic: 'rows', concurrency: 'key', limit: 3, partitionLimit: 1, onFailure: freeze('key') })
  async onRow(@Payload() row: Row, @Ctx() context: KafkaWorkerContext): Promise<void> {
    await this.tenants.migrate(context.getPartition(), row);
  }
}
