import { Module, type OnApplicationShutdown } from '@nestjs/common';
import { Pool } from 'pg';
import { DatabaseConfig } from '../../harness/index.js';

@Module({
  providers: [
    {
      provide: Pool,
      inject: [DatabaseConfig],
      // One record at a time: one connection is all it takes. The rule is in the README of @kafka-worker/postgres.
      useFactory: ({ url }: DatabaseConfig) => new Pool({ connectionString: url, max: 1, keepAlive: true }),
    },
  ],
  exports: [Pool],
})
export class DatabaseModule implements OnApplicationShutdown {
  constructor(private readonly pool: Pool) {}

  /** After the drain, which still writes. */
  async onApplicationShutdown(): Promise<void> {
    await this.pool.end();
  }
}
