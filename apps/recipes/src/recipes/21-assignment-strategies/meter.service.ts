import { setTimeout } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';

export interface Reading {
  /** What storing it takes. Milliseconds. */
  readonly ms: number;
}

@Injectable()
export class MeterService {
  stored = 0;

  async store({ ms }: Reading): Promise<void> {
    await setTimeout(ms);
    this.stored++;
  }
}
