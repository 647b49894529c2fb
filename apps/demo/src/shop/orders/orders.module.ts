import { Module } from '@nestjs/common';
import { WorkModule } from '../common/work.module.js';
import { OrdersService } from './orders.service.js';
import { OrdersWorker } from './orders.worker.js';

@Module({ imports: [WorkModule], controllers: [OrdersWorker], providers: [OrdersService] })
export class OrdersModule {}
