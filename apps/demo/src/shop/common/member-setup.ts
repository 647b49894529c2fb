import type { KafkaDriver } from '@kafka-worker/nestjs';

/** Where a member finds its cluster. */
export type MemberConnection =
  | { readonly kind: 'embedded'; readonly driver: KafkaDriver }
  | { readonly kind: 'served'; readonly port: number }
  | { readonly kind: 'kafka'; readonly brokers: readonly string[] };

/** What one member of the group is started with. */
export interface MemberSetup {
  readonly number: number;
  readonly groupId: string;
  readonly seed: number;
  readonly connection: MemberConnection;
  /** Of its HTTP server; a port that was not asked for may be replaced by any that is free. */
  readonly port: { readonly wanted: number; readonly asked: boolean };
}

/** Token of the {@link MemberSetup}. */
export const MEMBER_SETUP = 'DEMO_MEMBER_SETUP';

/** After a kill -9 it takes this long until the others get the partitions. Kafka's own default minimum is 6 s. */
export const SESSION_TIMEOUT_MS = 6_000;
