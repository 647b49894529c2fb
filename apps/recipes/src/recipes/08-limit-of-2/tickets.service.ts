import { setTimeout } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';

export interface Ticket {
  readonly guest: string;
  readonly seat: number;
  /** The printer jams the first time. */
  readonly jams?: boolean;
}

@Injectable()
export class TicketsService {
  readonly printed: string[] = [];
  readonly #jammed = new Set<string>();
  #printing = 0;

  async print({ guest, seat, jams = false }: Ticket): Promise<void> {
    if (this.#printing === 2) throw new Error('there are only two printers');
    this.#printing++;
    await setTimeout(15).finally(() => this.#printing--);
    const name = `${guest}/${seat}`;
    if (jams && !this.#jammed.has(name)) {
      this.#jammed.add(name);
      throw new Error(`paper jam at ${name}`);
    }
    this.printed.push(name);
  }
}
