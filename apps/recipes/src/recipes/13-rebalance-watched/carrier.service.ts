import { setTimeout } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';

export interface Parcel {
  /** What the carrier takes. Milliseconds. */
  readonly ms: number;
}

@Injectable()
export class CarrierService {
  /** Gives up when the signal aborts: the result would not count any more. */
  async book({ ms }: Parcel, signal: AbortSignal): Promise<void> {
    await setTimeout(ms, undefined, { signal });
  }
}
