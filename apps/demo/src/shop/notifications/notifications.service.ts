import { Injectable, Logger } from '@nestjs/common';
import { SimulatedWork } from '../common/simulated-work.js';
import type { Notification } from './notification.dto.js';

@Injectable()
export class NotificationsService {
  private readonly logger = new Logger(NotificationsService.name);

  constructor(private readonly work: SimulatedWork) {}

  /** Sends the mail. */
  async send({ orderId }: Notification, attempt: number, signal: AbortSignal): Promise<void> {
    await this.work.do({ name: 'mail', orderId, attempt, leastMs: 10, mostMs: 60, signal });
    this.logger.debug(`mail for order ${orderId} is out`);
  }
}
