import { setTimeout } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';

export interface Row {
  readonly table: string;
  readonly id: number;
}

@Injectable()
export class TenantsService {
  /** Tenants in the order in which their databases were opened. */
  readonly opened: number[] = [];

  async migrate(tenant: number, row: Row): Promise<void> {
    if (this.opened.at(-1) !== tenant) this.opened.push(tenant);
    await setTimeout(8 + (row.id % 3) * 4);
  }
}
