import { Module, type DynamicModule } from '@nestjs/common';
import { JOURNAL, type Journal } from './journal.js';

/** Global, since the interceptor is an injectable of every worker's own module. */
@Module({})
export class JournalModule {
  static forRoot(journal: Journal): DynamicModule {
    return {
      module: JournalModule,
      global: true,
      providers: [{ provide: JOURNAL, useValue: journal }],
      exports: [JOURNAL],
    };
  }
}
