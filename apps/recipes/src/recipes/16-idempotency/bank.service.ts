import { setTimeout } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';

export interface Payment {
  readonly id: string;
}

/** A bank: charges whatever it is asked to, as often as it is asked. */
@Injectable()
export class BankService {
  /** Ids of payments, in the order of the charges. */
  readonly charged: string[] = [];
  /** Payments that it will refuse once. */
  readonly refuses = new Set<string>();

  async charge({ id }: Payment): Promise<void> {
    await setTimeout(60);
    if (this.refuses.delete(id)) throw new Error(`the bank refuses ${id} for now`);
    this.charged.push(id);
  }
}
