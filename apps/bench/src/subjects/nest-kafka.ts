import 'reflect-metadata';
import { Controller, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Ctx, EventPattern, KafkaContext, Payload, Transport, type MicroserviceOptions } from '@nestjs/microservices';
import kafkajs from 'kafkajs';
import { RAW_RUN } from './raw.js';
import type { Subject } from './subject.js';

/** Nest's own Kafka transport, through its whole pipeline. */
export const nestKafka: Subject = async (job, workFor) => {
  const { brokers, groupId, topic } = job;
  const work = workFor((context: KafkaContext) => ({
    partition: context.getPartition(),
    offset: Number(context.getMessage().offset),
    key: String(context.getMessage().key),
  }));

  @Controller()
  class BenchController {
    @EventPattern<string>(topic)
    onRecord(@Payload() _payload: unknown, @Ctx() context: KafkaContext): Promise<void> {
      return work.handle(context);
    }
  }

  @Module({ controllers: [BenchController] })
  class BenchModule {}

  const app = await NestFactory.createMicroservice<MicroserviceOptions>(BenchModule, {
    logger: ['error', 'fatal'],
    transport: Transport.KAFKA,
    options: {
      client: { clientId: 'bench', brokers: [...brokers], logLevel: kafkajs.logLevel.WARN },
      consumer: { groupId },
      postfixId: '',
      subscribe: { fromBeginning: true },
      run: RAW_RUN,
    },
  });
  await app.listen();
  return { stop: () => app.close() };
};
