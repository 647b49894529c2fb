import type { DriverCapabilities, KafkaDriver } from '@kafka-worker/engine';
import type { ConformanceCluster } from './world/cluster.js';
import type { ConformanceTime } from './world/time.js';

/** A driver on a cluster, as one case finds them. */
export interface ConformanceWorld {
  readonly driver: KafkaDriver;
  readonly cluster: ConformanceCluster;
  readonly time: ConformanceTime;
  /**
   * Session timeout of members. Milliseconds. Some cases wait for twice as long, so the least that the cluster allows
   * and the driver can keep.
   */
  readonly sessionTimeoutMs: number;
  /** Called after the case; the members are closed then. */
  close?(): Promise<void> | void;
}

/** A driver that the suite is run for. */
export interface ConformanceSubject {
  /** As it is called in the report. */
  readonly name: string;
  /** Of the driver: says which cases are asked. */
  readonly capabilities: DriverCapabilities;
  /** Called for each case. Worlds may share a cluster, since topics and groups have names of their own. */
  open(): ConformanceWorld | Promise<ConformanceWorld>;
}
