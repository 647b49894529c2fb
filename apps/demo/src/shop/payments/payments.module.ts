import { Module } from '@nestjs/common';
import { WorkModule } from '../common/work.module.js';
import { PaymentsService } from './payments.service.js';
import { PaymentsWorker } from './payments.worker.js';

@Module({ imports: [WorkModule], controllers: [PaymentsWorker], providers: [PaymentsService] })
export class PaymentsModule {}
