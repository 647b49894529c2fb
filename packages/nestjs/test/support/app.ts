import { Module, type INestApplicationContext, type ModuleMetadata } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { KafkaDriver } from '@kafka-worker/engine';
import { InMemoryCluster } from '@kafka-worker/testing';
import { KafkaWorkerModule, KafkaWorkerServer, type KafkaWorkerModuleOptions } from '@kafka-worker/nestjs';

/** Every way an application can run its workers. */
export const WAYS = ['microservice', 'hybrid', 'module'] as const;
export type Way = (typeof WAYS)[number];

export interface BootOptions extends ModuleMetadata {
  readonly cluster: InMemoryCluster;
  readonly kafka?: Partial<KafkaWorkerModuleOptions>;
  /** Before handlers are built: useGlobalFilters() and the like. */
  readonly setup?: (app: { useGlobalFilters: (...filters: never[]) => unknown }) => void;
  readonly hybrid?: { inheritAppConfig?: boolean; deferInitialization?: boolean };
  /** False: no KafkaWorkerModule is added to the imports. */
  readonly addModule?: boolean;
}

/** A module of its own for each call, so that tests share no metadata. */
export function appModule({
  cluster,
  kafka,
  imports = [],
  addModule = true,
  ...metadata
}: BootOptions): new () => object {
  @Module({
    imports: [
      ...(addModule
        ? [KafkaWorkerModule.forRoot({ driver: cluster.driver(), consumer: { groupId: 'group' }, ...kafka })]
        : []),
      ...imports,
    ],
    controllers: metadata.controllers ?? [],
    providers: metadata.providers ?? [],
    exports: metadata.exports ?? [],
  })
  class AppModule {}
  return AppModule;
}

/** Boots until records are fetched. `abortOnError: false`, or Nest would end the test process. */
export async function boot(way: Way, options: BootOptions): Promise<INestApplicationContext> {
  const type = appModule(options);
  const quiet = { logger: false, abortOnError: false } as const;
  if (way === 'module') {
    const app = await NestFactory.create(type, quiet);
    options.setup?.(app as never);
    try {
      return await app.init();
    } catch (error) {
      await app.close();
      throw error;
    }
  }
  if (way === 'hybrid') {
    const app = await NestFactory.create(type, quiet);
    options.setup?.(app as never);
    app.connectMicroservice({ strategy: app.get(KafkaWorkerServer) }, { inheritAppConfig: true, ...options.hybrid });
    try {
      await app.startAllMicroservices();
      return await app.init();
    } catch (error) {
      await app.close();
      throw error;
    }
  }
  const app = await NestFactory.createMicroservice(type, {
    ...quiet,
    inject: [KafkaWorkerServer],
    useFactory: (strategy: KafkaWorkerServer) => ({ strategy }),
  });
  options.setup?.(app as never);
  try {
    await app.listen();
  } catch (error) {
    await app.close();
    throw error;
  }
  return app;
}

/** A cluster with topics of two partitions. */
export function clusterWith(...topics: string[]): InMemoryCluster {
  const cluster = new InMemoryCluster();
  for (const topic of topics) cluster.createTopic(topic, 2);
  return cluster;
}

export type { KafkaDriver };
