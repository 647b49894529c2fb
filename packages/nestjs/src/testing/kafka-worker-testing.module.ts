import { Module, type DynamicModule, type ModuleMetadata } from '@nestjs/common';
import { Test, type TestingModuleBuilder } from '@nestjs/testing';
import { KafkaWorkerCoreModule } from '../module/kafka-worker-core.module.js';
import { KafkaWorkerModule } from '../module/kafka-worker.module.js';
import { KafkaWorkerGround } from '../runtime/ground.js';
import { KafkaWorkerHost } from '../runtime/kafka-worker.host.js';
import { KafkaWorkerTester } from './kafka-worker-tester.js';
import { missingConnections } from './module-graph.js';
import { TestGround } from './test-ground.js';
import { TestWorld } from './test-world.js';
import type { KafkaWorkerTestingOptions } from './testing-options.js';

/**
 * Runs workers in a test without Kafka:
 *
 * ```ts
 * const moduleRef = await KafkaWorkerTestingModule.createTestingModule({ imports: [AppModule] }).compile();
 * await moduleRef.init();
 * const kafka = moduleRef.get(KafkaWorkerTester);
 * ```
 */
@Module({})
export class KafkaWorkerTestingModule {
  /**
   * As `Test.createTestingModule` of `@nestjs/testing`, and with the same builder, except that every connection of the
   * modules, whatever its options say, is to a cluster in memory, and its time is the test's. Where the modules bring no
   * `KafkaWorkerModule`, one is added, so that a controller or provider can be tested alone.
   */
  static createTestingModule(metadata: ModuleMetadata, options: KafkaWorkerTestingOptions = {}): TestingModuleBuilder {
    const world = options.joins ? KafkaWorkerTester.worldOf(options.joins) : new TestWorld(options);
    world.createTopics(options.topics ?? {});
    return Test.createTestingModule({
      ...metadata,
      imports: [...(metadata.imports ?? []), testerModule(metadata, world, options)],
    })
      .overrideProvider(KafkaWorkerGround)
      .useValue(new TestGround(world));
  }
}

async function testerModule(
  metadata: ModuleMetadata,
  world: TestWorld,
  options: KafkaWorkerTestingOptions,
): Promise<DynamicModule> {
  const missing = await missingConnections(metadata);
  return {
    module: KafkaWorkerTestingModule,
    imports: [
      KafkaWorkerCoreModule,
      ...missing.map((name) => KafkaWorkerModule.forRoot({ consumer: { groupId: 'test' }, ...options.kafka, name })),
    ],
    providers: [
      {
        provide: KafkaWorkerTester,
        inject: [KafkaWorkerHost],
        useFactory: (host: KafkaWorkerHost) => new KafkaWorkerTester(world, host, options),
      },
    ],
    exports: [KafkaWorkerTester],
  };
}
