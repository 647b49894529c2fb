import type { KafkaConfig } from '../kafka-config.js';

/** How another process reaches the cluster of a recipe. */
export type ClusterAddress =
  | { readonly kind: 'embedded'; readonly port: number }
  | { readonly kind: 'broker'; readonly brokers: readonly string[]; readonly prefix: string };

/** The Kafka a recipe runs on. */
export interface RecipeCluster {
  readonly kind: ClusterAddress['kind'];
  /** A client of its own for each member. */
  connect(clientId: string): KafkaConfig;
  address(): Promise<ClusterAddress>;
  close(): Promise<void>;
}
