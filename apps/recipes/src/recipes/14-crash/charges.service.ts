import { setTimeout } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';

export interface Charge {
  /** What the bank takes. Milliseconds. */
  readonly ms: number;
}

@Injectable()
export class ChargesService {
  async collect({ ms }: Charge): Promise<void> {
    await setTimeout(ms);
  }
}
