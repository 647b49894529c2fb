// 12 Commit modes side by side
// order:   each partition in the order of its log, in all three
// failure: after kill -9 comes again what is not committed: at most a cadence of work, or a batch of each partition
// speed:   the same in all three; a commit by hand is waited for, the others are not
// use:     automatic where repeating is cheap, marks and drain by default, manual where a batch means something
import { Controller } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import { KafkaWorker, KafkaWorkerContext } from '@kafka-worker/nestjs';
import { EventsService, type ShopEvent } from './events.service.js';

/** Records of a partition that are committed as one by hand. */
export const BATCH = 5;

@Controller()
export class EventsWorker {
  /** Handled since the last commit by hand, of each partition. */
  readonly #uncommitted = new Map<number, number>();

  constructor(private readonly events: EventsService) {}

  /** What has settled is committed by count and by time. In a rebalance nobody is waited for: what runs is cut off. */
  @KafkaWorker({ name: 'not-held', topic: 'events', commit: { intervalMs: 250, records: 10 } })
  async automatic(@Payload() event: ShopEvent, @Ctx() context: KafkaWorkerContext): Promise<void> {
    await this.events.apply(event, context.getSignal());
  }

  /** The same, and a partition goes only when what runs has settled and every mark is committed. */
  @KafkaWorker({ groupId: 'marks', topic: 'events', commit: { intervalMs: 250, records: 10 } })
  async marks(@Payload() event: ShopEvent, @Ctx() context: KafkaWorkerContext): Promise<void> {
    await this.events.apply(event, context.getSignal());
  }

  /** Nothing is committed but here, and by `runtime.commit()` from outside. */
  @KafkaWorker({ groupId: 'manual', topic: 'events', commit: 'manual' })
  async manual(@Payload() event: ShopEvent, @Ctx() context: KafkaWorkerContext): Promise<void> {
    await this.events.apply(event, context.getSignal());
    const partition = context.getPartition();
    const handled = (this.#uncommitted.get(partition) ?? 0) + 1;
    this.#uncommitted.set(partition, handled % BATCH);
    // This record is among what is committed, and so is everything before it.
    if (handled === BATCH) await context.commit();
  }
}
