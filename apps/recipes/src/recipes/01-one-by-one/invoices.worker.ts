// 01 One by one, failures logged and committed
// order:   the whole worker handles one record at a time; each partition in the order of its log
// failure: logged and committed, the next record follows; nothing is tried again
// speed:   one record at a time, however many partitions there are
// use:     when side effects must not overlap, and a failed record is somebody else's business
import { Controller } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { KafkaWorker, skip } from '@kafka-worker/nestjs';
import { InvoicesService, type Invoice } from './invoices.service.js';

@Controller()
export class InvoicesWorker {
  constructor(private readonly invoices: InvoicesService) {}

  @KafkaWorker({ topic: 'invoices', concurrency: 'serial', retry: { attempts: 1 }, onFailure: skip() })
  async onInvoice(@Payload() invoice: Invoice): Promise<void> {
    await this.invoices.book(invoice);
  }
}
