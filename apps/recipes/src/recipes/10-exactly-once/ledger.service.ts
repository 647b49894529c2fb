import { Injectable } from '@nestjs/common';
import type { PoolClient } from 'pg';

export interface Payment {
  readonly id: string;
  readonly amount: number;
  /** What its receipt takes. Milliseconds. */
  readonly ms: number;
}

@Injectable()
export class LedgerService {
  /** In the transaction that it is given, which is neither its own to commit nor to roll back. */
  async enter({ id, amount }: Payment, transaction: PoolClient): Promise<void> {
    await transaction.query('INSERT INTO ledger (payment, amount) VALUES ($1, $2)', [id, amount]);
  }
}
