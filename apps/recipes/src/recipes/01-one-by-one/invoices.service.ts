import { setTimeout } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';

export interface Invoice {
  readonly id: string;
  readonly amount: number;
}

@Injectable()
export class InvoicesService {
  readonly booked: string[] = [];

  async book({ id, amount }: Invoice): Promise<void> {
    await setTimeout(5); // a database
    if (amount <= 0) throw new Error(`invoice ${id} has an amount of ${amount}`);
    this.booked.push(id);
  }
}
