import { setTimeout } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';

@Injectable()
export class SearchService {
  readonly indexed = new Set<string>();

  async index(item: string): Promise<void> {
    await setTimeout(4);
    this.indexed.add(item);
  }
}
