import { afterEach } from '@jest/globals';
import { Global, Module, type DynamicModule, type LoggerService, type Type } from '@nestjs/common';
import type { TestingModule, TestingModuleBuilder } from '@nestjs/testing';
import {
  KafkaWorkerTester,
  KafkaWorkerTestingModule,
  type KafkaWorkerTestingOptions,
} from '@kafka-worker/nestjs/testing';
import { KafkaConfig } from '../../src/harness/index.js';

/** What a recipe's module takes its connection from. Under test nothing is connected to, so the driver is nobody's. */
@Global()
@Module({
  providers: [{ provide: KafkaConfig, useValue: { driver: undefined, sessionTimeout: 10_000 } }],
  exports: [KafkaConfig],
})
class KafkaConfigModule {}

const nothing = (): void => undefined;
const silent: LoggerService = { log: nothing, error: nothing, warn: nothing };

const open: TestingModule[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((moduleRef) => moduleRef.close()));
});

/** A recipe's module as its users would test it; closed after the test. */
export async function testRecipe(
  module: Type | DynamicModule,
  options: KafkaWorkerTestingOptions = {},
  override: (builder: TestingModuleBuilder) => unknown = nothing,
): Promise<{ readonly moduleRef: TestingModule; readonly kafka: KafkaWorkerTester }> {
  const builder = KafkaWorkerTestingModule.createTestingModule({ imports: [KafkaConfigModule, module] }, options);
  override(builder.setLogger(silent));
  const moduleRef = await builder.compile();
  open.push(moduleRef);
  await moduleRef.init();
  return { moduleRef, kafka: moduleRef.get(KafkaWorkerTester) };
}
