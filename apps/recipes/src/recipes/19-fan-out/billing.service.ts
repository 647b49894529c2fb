import { setTimeout } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';

@Injectable()
export class BillingService {
  readonly balances = new Map<string, number>();

  async charge(customer: string, cents: number): Promise<void> {
    await setTimeout(25); // a payment provider
    this.balances.set(customer, (this.balances.get(customer) ?? 0) + cents);
  }
}
