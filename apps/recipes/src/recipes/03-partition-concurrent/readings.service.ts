import { setTimeout } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';

export interface Reading {
  readonly meter: string;
  readonly kwh: number;
}

@Injectable()
export class ReadingsService {
  /** Last reading of each meter. */
  readonly latest = new Map<string, number>();

  async store({ meter, kwh }: Reading): Promise<void> {
    await setTimeout(20); // a database
    this.latest.set(meter, kwh);
  }
}
