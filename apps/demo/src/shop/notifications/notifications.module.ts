import { Module } from '@nestjs/common';
import { WorkModule } from '../common/work.module.js';
import { NotificationsService } from './notifications.service.js';
import { NotificationsWorker } from './notifications.worker.js';

@Module({ imports: [WorkModule], controllers: [NotificationsWorker], providers: [NotificationsService] })
export class NotificationsModule {}
