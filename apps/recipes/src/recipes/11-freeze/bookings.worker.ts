// 11 Freeze the partition on failure
// order:   kept, whatever fails: nothing of the partition (or of the key) overtakes the record that failed
// failure: three attempts; then its partition stands still, or just its key, until code or a person has dealt with it
// speed:   the others go on at theirs; what stands grows a lag that inspect() and health checks name
// use:     the default; when a record that is passed over would make the following ones wrong: ledgers, state machines
import { Controller } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { freeze, KafkaWorker } from '@kafka-worker/nestjs';
import type { Booking } from './booking.js';
import { LedgerService } from './ledger.service.js';

@Controller()
export class BookingsWorker {
  constructor(private readonly ledger: LedgerService) {}

  @KafkaWorker({ topic: 'bookings', groupId: 'by-partition', onFailure: freeze('partition') })
  async byPartition(@Payload() booking: Booking): Promise<void> {
    await this.ledger.book(booking);
  }

  /** The same records in another group, to see the difference: only the key of a failed record stands still. */
  @KafkaWorker({ topic: 'bookings', groupId: 'by-key', concurrency: 'key', onFailure: freeze('key') })
  async byKey(@Payload() booking: Booking): Promise<void> {
    await this.ledger.book(booking);
  }
}
