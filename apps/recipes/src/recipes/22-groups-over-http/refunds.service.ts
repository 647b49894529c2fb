import { setTimeout } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';

export interface Refund {
  readonly id: string;
  /** In cents. */
  readonly amount: number;
}

@Injectable()
export class RefundsService {
  readonly paid: string[] = [];

  async pay({ id, amount }: Refund): Promise<void> {
    await setTimeout(5);
    if (amount <= 0) throw new Error(`${id}: nothing to pay back`);
    this.paid.push(id);
  }
}
