import { afterEach } from '@jest/globals';
import type { LoggerService, ModuleMetadata } from '@nestjs/common';
import type { TestingModule, TestingModuleBuilder } from '@nestjs/testing';
import {
  KafkaWorkerTester,
  KafkaWorkerTestingModule,
  type KafkaWorkerTestingOptions,
} from '@kafka-worker/nestjs/testing';

const nothing = (): void => undefined;
const silent: LoggerService = { log: nothing, error: nothing, warn: nothing };

export interface TestedModule {
  readonly moduleRef: TestingModule;
  readonly kafka: KafkaWorkerTester;
}

const open: TestingModule[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((moduleRef) => moduleRef.close()));
});

/** Compiles, and starts the workers; closed after the test. */
export async function tested(
  metadata: ModuleMetadata,
  options: KafkaWorkerTestingOptions = {},
  override: (builder: TestingModuleBuilder) => unknown = nothing,
): Promise<TestedModule> {
  const builder = KafkaWorkerTestingModule.createTestingModule(metadata, options).setLogger(silent);
  override(builder);
  const moduleRef = await builder.compile();
  open.push(moduleRef);
  await moduleRef.init();
  return { moduleRef, kafka: moduleRef.get(KafkaWorkerTester) };
}
