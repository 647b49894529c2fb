import { setTimeout } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';

export interface ShopEvent {
  /** What it takes to apply it. Milliseconds. */
  readonly ms: number;
}

@Injectable()
export class EventsService {
  /** Gives up when the signal aborts: the result would not count any more. */
  async apply({ ms }: ShopEvent, signal: AbortSignal): Promise<void> {
    await setTimeout(ms, undefined, { signal });
  }
}
