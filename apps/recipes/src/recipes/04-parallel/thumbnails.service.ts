import { setTimeout } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';

export interface Picture {
  readonly file: string;
  /** What it takes. Milliseconds. */
  readonly ms: number;
}

@Injectable()
export class ThumbnailsService {
  /** In the order in which they were finished. */
  readonly made: string[] = [];

  async make({ file, ms }: Picture): Promise<void> {
    await setTimeout(ms);
    this.made.push(file);
  }
}
