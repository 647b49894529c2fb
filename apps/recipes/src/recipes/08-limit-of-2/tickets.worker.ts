// 08 A limit of 2
// order:   records of one key one after the other
// failure: three attempts; a record that waits for its next one leaves its place to another key
// speed:   never more than two handlers in this process, over all partitions
// use:     when something behind the handler has room for few: two printers, two connections, a licence for two
import { Controller } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { fixed, KafkaWorker } from '@kafka-worker/nestjs';
import { TicketsService, type Ticket } from './tickets.service.js';

@Controller()
export class TicketsWorker {
  constructor(private readonly tickets: TicketsService) {}

  @KafkaWorker({ topic: 'tickets', concurrency: 'key', limit: 2, retry: { attempts: 3, backoff: fixed(60) } })
  async onTicket(@Payload() ticket: Ticket): Promise<void> {
    await this.tickets.print(ticket);
  }
}
