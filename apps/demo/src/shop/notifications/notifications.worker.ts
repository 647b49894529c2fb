import { Controller, UseInterceptors } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import { KafkaWorker, KafkaWorkerContext } from '@kafka-worker/nestjs';
import { RETRY } from '../common/simulated-work.js';
import { TOPICS } from '../common/topics.js';
import { JournalInterceptor } from '../journal/journal.interceptor.js';
import type { Notification } from './notification.dto.js';
import { NotificationsService } from './notifications.service.js';

/** Mails go out in any order, as many at once as the limit allows. */
@Controller()
@UseInterceptors(JournalInterceptor)
export class NotificationsWorker {
  constructor(private readonly notifications: NotificationsService) {}

  @KafkaWorker({ topic: TOPICS.notifications, concurrency: 'unordered', limit: 8, retry: RETRY })
  async onNotification(@Payload() notification: Notification, @Ctx() context: KafkaWorkerContext): Promise<void> {
    await this.notifications.send(notification, context.getAttempt(), context.getSignal());
  }
}
