import { setTimeout } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';

export interface ReportOrder {
  readonly customer: string;
}

@Injectable()
export class ReportsService {
  readonly rendered: string[] = [];

  async render({ customer }: ReportOrder): Promise<void> {
    await setTimeout(500);
    this.rendered.push(customer);
  }
}
