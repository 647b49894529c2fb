import { setTimeout } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';

export interface Reading {
  readonly celsius: number;
  /** What the database takes. Milliseconds. */
  readonly ms: number;
}

@Injectable()
export class ReadingsService {
  stored = 0;

  async store({ celsius, ms }: Reading, attempt: number): Promise<void> {
    await setTimeout(ms);
    if (celsius < -273) throw new RangeError(`${celsius} °C`);
    if (celsius > 100 && attempt === 1) throw new Error('try again');
    this.stored++;
  }
}
