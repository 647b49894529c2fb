import { setTimeout } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';

export interface OrderEvent {
  readonly status: 'placed' | 'paid' | 'packed' | 'shipped';
  /** What the database takes. Milliseconds. */
  readonly ms: number;
}

@Injectable()
export class OrdersService {
  /** What happened to each order, oldest first. */
  readonly history = new Map<string, string[]>();

  async apply(id: string, { status, ms }: OrderEvent): Promise<void> {
    await setTimeout(ms);
    this.history.set(id, [...(this.history.get(id) ?? []), status]);
  }
}
