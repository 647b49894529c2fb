import { setTimeout } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';

export interface Order {
  readonly id: string;
  readonly amount: number;
}

export interface Invoice {
  readonly order: string;
  readonly total: number;
}

@Injectable()
export class BillingService {
  invoice({ id, amount }: Order): Invoice {
    return { order: id, total: amount * 1.2 };
  }

  async file(_invoice: Invoice): Promise<void> {
    await setTimeout(20); // an archive
  }
}
