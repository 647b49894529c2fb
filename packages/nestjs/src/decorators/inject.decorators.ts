import { Inject } from '@nestjs/common';
import { getKafkaProducerToken, getKafkaWorkerToken } from '../constants.js';

/** Injects the `KafkaWorkerRuntime` of a connection: its state, `inspect()`, pause, resume, commit, seek, skip, unfreeze, drain. */
export const InjectKafkaWorker = (name?: string): PropertyDecorator & ParameterDecorator =>
  Inject(getKafkaWorkerToken(name));

/** Injects the `KafkaWorkerProducer` of a connection. */
export const InjectKafkaProducer = (name?: string): PropertyDecorator & ParameterDecorator =>
  Inject(getKafkaProducerToken(name));
