import { Injectable } from '@nestjs/common';

/** Reads amounts such as `12.50`, as the first release did. */
@Injectable()
export class Amounts {
  cents(amount: string): number {
    if (!/^\d+\.\d\d$/.test(amount)) throw new Error(`'${amount}' is no amount`);
    return Math.round(Number(amount) * 100);
  }
}

/** The release that mends it: some senders write `12,50`. */
@Injectable()
export class MendedAmounts extends Amounts {
  override cents(amount: string): number {
    return super.cents(amount.replace(',', '.'));
  }
}
