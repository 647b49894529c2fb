import { Module, type DynamicModule, type ValueProvider } from '@nestjs/common';

/** What this process was started with, visible everywhere. */
@Module({})
export class SetupModule {
  static forRoot(setup: ValueProvider): DynamicModule {
    return { module: SetupModule, global: true, providers: [setup], exports: [setup.provide] };
  }
}
