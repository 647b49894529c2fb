import { BrokerCluster } from './cluster/broker-cluster.js';
import { EmbeddedCluster } from './cluster/embedded-cluster.js';
import type { LogLevel } from './boot.js';
import type { Recipe } from './recipe.js';
import { Stage } from './stage.js';

/** How a recipe is played. */
export interface PlayOptions {
  /** `host:port` of real brokers. Default: the embedded cluster. */
  readonly brokers?: readonly string[];
  /** Takes no PostgreSQL of this machine, only one inside of this process. Default false. */
  readonly embeddedDatabase?: boolean;
  /** Default `silent`. */
  readonly log?: LogLevel;
  /** Default: nothing is said. */
  readonly say?: (line: string) => void;
}

/** Plays a recipe on a stage of its own, and clears it whatever happens. */
export async function play<Outcome>(recipe: Recipe<Outcome>, options: PlayOptions = {}): Promise<Outcome> {
  const { brokers, embeddedDatabase = false, log = 'silent', say = () => undefined } = options;
  const cluster = brokers ? new BrokerCluster(brokers, recipe.id) : new EmbeddedCluster();
  const stage = new Stage({ recipe: recipe.id, cluster, embeddedDatabase, log, say });
  try {
    return await recipe.play(stage);
  } finally {
    await stage.end();
  }
}
