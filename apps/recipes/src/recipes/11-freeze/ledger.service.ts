import { setTimeout } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { Amounts } from './amounts.js';
import type { Booking } from './booking.js';

@Injectable()
export class LedgerService {
  /** Cents, in the order in which they were booked. */
  readonly booked: number[] = [];

  constructor(private readonly amounts: Amounts) {}

  async book({ amount }: Booking): Promise<void> {
    const cents = this.amounts.cents(amount);
    await setTimeout(10); // a database
    this.booked.push(cents);
  }
}
