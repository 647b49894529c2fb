import { Injectable } from '@nestjs/common';
import { KafkaWorkerAudit, type KafkaWorkerCommandEvent } from '@kafka-worker/nestjs/admin';

/** Keeps who commanded what. An application of your own writes it to its database. */
@Injectable()
export class CommandLog {
  readonly events: KafkaWorkerCommandEvent[] = [];

  constructor(audit: KafkaWorkerAudit) {
    audit.audit$.subscribe((event) => this.events.push(event));
  }
}
