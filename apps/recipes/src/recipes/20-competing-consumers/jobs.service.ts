import { setTimeout } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';

export interface Job {
  readonly name: string;
}

@Injectable()
export class JobsService {
  readonly finished: string[] = [];

  async run({ name }: Job): Promise<void> {
    await setTimeout(40);
    this.finished.push(name);
  }
}
