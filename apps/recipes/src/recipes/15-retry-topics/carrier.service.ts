import { setTimeout } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';

export interface Shipment {
  readonly id: string;
  readonly depot: string;
}

export class DepotDownError extends Error {}

/** Somebody else's service, with a depot in each part of the country. */
@Injectable()
export class CarrierService {
  /** Depots that are down: how many calls they will still refuse. */
  readonly down = new Map<string, number>();
  /** Shipments that were taken over, in this order. */
  readonly taken: string[] = [];

  async book({ id, depot }: Shipment): Promise<void> {
    await setTimeout(20);
    const refusals = this.down.get(depot) ?? 0;
    if (refusals > 0) {
      this.down.set(depot, refusals - 1);
      throw new DepotDownError(`the depot ${depot} does not answer`);
    }
    this.taken.push(id);
  }
}
