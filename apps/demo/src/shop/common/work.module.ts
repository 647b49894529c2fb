import { Module } from '@nestjs/common';
import { SimulatedWork } from './simulated-work.js';

@Module({ providers: [SimulatedWork], exports: [SimulatedWork] })
export class WorkModule {}
