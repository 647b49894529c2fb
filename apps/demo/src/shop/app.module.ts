import { Module, type DynamicModule } from '@nestjs/common';
import { KafkaWorkerModule, type KafkaWorkerModuleOptions } from '@kafka-worker/nestjs';
import { MEMBER_SETUP, SESSION_TIMEOUT_MS, type MemberConnection, type MemberSetup } from './common/member-setup.js';
import { HealthModule } from './health/health.module.js';
import type { Journal } from './journal/journal.js';
import { JournalModule } from './journal/journal.module.js';
import { LoggingModule } from './logging/logging.module.js';
import { NotificationsModule } from './notifications/notifications.module.js';
import { instrumentation } from './observability/instrumentation.js';
import { ObservabilityModule } from './observability/observability.module.js';
import { OrdersModule } from './orders/orders.module.js';
import { PaymentsModule } from './payments/payments.module.js';
import { SetupModule } from './common/setup.module.js';

/** The order shop: one process of the group `order-shop`. */
@Module({})
export class AppModule {
  static forMember(setup: MemberSetup, journal: Journal): DynamicModule {
    return {
      module: AppModule,
      imports: [
        LoggingModule,
        SetupModule.forRoot({ provide: MEMBER_SETUP, useValue: setup }),
        JournalModule.forRoot(journal),
        KafkaWorkerModule.forRoot({
          ...connect(setup.connection),
          consumer: { groupId: setup.groupId, sessionTimeout: SESSION_TIMEOUT_MS },
          shutdown: { graceMs: 10_000, forceMs: 1_000 },
          instrumentation: instrumentation(),
        }),
        OrdersModule,
        PaymentsModule,
        NotificationsModule,
        HealthModule,
        ObservabilityModule,
      ],
    };
  }
}

function connect(connection: MemberConnection): Pick<KafkaWorkerModuleOptions, 'client' | 'driver'> {
  switch (connection.kind) {
    case 'kafka':
      return { client: { clientId: 'order-shop', brokers: [...connection.brokers] } };
    case 'embedded':
      return { driver: connection.driver };
    case 'served':
      // Loaded where it is used: a shop on a real broker has no testing package.
      return { driver: async () => (await import('@kafka-worker/testing')).remoteDriver({ port: connection.port }) };
  }
}
