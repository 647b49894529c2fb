import 'reflect-metadata';
import { kafkajsDriver } from '@kafka-worker/kafkajs';
import {
  KafkaWorker,
  KafkaWorkerContext,
  KafkaWorkerModule,
  KafkaWorkerServer,
  type WorkerInstrumentation,
} from '@kafka-worker/nestjs';
import { Controller, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Ctx, Payload, type AsyncMicroserviceOptions } from '@nestjs/microservices';
import { CommitWatch } from './commit-watch.js';
import type { Subject } from './subject.js';

/** A worker as a microservice of its own, as `ServerKafka` is measured: JSON payload, the whole pipeline. */
export const worker: Subject = (job, workFor) => workerWith([])(job, workFor);

/** The same, looked on at. */
export const workerWith =
  (instrumentation: readonly WorkerInstrumentation[]): Subject =>
  async (job, workFor) => {
    const { brokers, groupId, topic, order: concurrency, limit } = job;
    const work = workFor((context: KafkaWorkerContext) => ({
      partition: context.getPartition(),
      offset: Number(context.getMessage().offset),
      key: String(context.getMessage().key),
    }));
    const watch = new CommitWatch(job);

    @Controller()
    class BenchController {
      @KafkaWorker({ topic, concurrency, limit })
      onRecord(@Payload() _payload: unknown, @Ctx() context: KafkaWorkerContext): Promise<void> {
        return work.handle(context);
      }
    }

    @Module({
      imports: [
        KafkaWorkerModule.forRoot({
          consumer: { groupId },
          instrumentation,
          driver: () => watch.watch(kafkajsDriver({ client: { clientId: 'bench', brokers: [...brokers] } })),
        }),
      ],
      controllers: [BenchController],
    })
    class BenchModule {}

    const app = await NestFactory.createMicroservice<AsyncMicroserviceOptions>(BenchModule, {
      logger: ['error', 'fatal'],
      inject: [KafkaWorkerServer],
      useFactory: (strategy: KafkaWorkerServer) => ({ strategy }),
    });
    await app.listen();
    return { stop: () => app.close(), committedAt: () => watch.committedAt };
  };
