// 13 A rebalance watched live: drain against commit-completed
// order:   per partition, over the change of owner as well: the next owner starts when the former has let go
// failure: drain cuts nothing off until its time is up; commit-completed aborts what runs and delivers it again
// speed:   drain holds the group up as long as the slowest handler; commit-completed not at all
// use:     drain where repeating hurts (the default); commit-completed where handlers are long and heed their signal
import { Controller } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import { KafkaWorker, KafkaWorkerContext } from '@kafka-worker/nestjs';
import { CarrierService, type Parcel } from './carrier.service.js';

@Controller()
export class ParcelsWorker {
  constructor(private readonly carrier: CarrierService) {}

  @KafkaWorker({ topic: 'parcels', concurrency: 'partition' })
  async onParcel(@Payload() parcel: Parcel, @Ctx() context: KafkaWorkerContext): Promise<void> {
    await this.carrier.book(parcel, context.getSignal());
  }
}
