import type { KafkaDriver } from '@kafka-worker/engine';
import type { MemberConnection } from '../../shop/common/member-setup.js';

/** The cluster a run of the demo works on. */
export interface DemoCluster {
  /** For people. */
  readonly title: string;
  /** Of the supervisor's own clients. */
  readonly driver: KafkaDriver;
  /** How members get to it. */
  readonly connection: MemberConnection;
  readonly groupId: string;
  /** Put before the names of topics where others may have the same. */
  readonly prefix: string;
  /** Records below these offsets are not needed any more. */
  trim(topic: string, committed: readonly { readonly partition: number; readonly offset: number }[]): void;
  /** Removes what the run has made. Never rejects. */
  close(): Promise<void>;
}
