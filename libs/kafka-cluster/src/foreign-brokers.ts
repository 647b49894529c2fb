import type { Broker, Brokers } from './brokers.js';
import { withAdmin } from './cluster-client.js';
import type { CommandResult } from './commands.js';
import { KafkaClusterError, NotOurBrokerError } from './errors.js';
import { runJavaTool, withBootstrap } from './kafka-tool.js';

/** Brokers that somebody else runs: they can be talked to, not killed. */
export class ForeignBrokers implements Brokers {
  readonly directory = undefined;

  private constructor(readonly list: readonly Broker[]) {}

  /** Asks the cluster behind `bootstrap` for its brokers. Throws KafkaClusterError when nobody answers. */
  static async find(bootstrap: readonly string[]): Promise<ForeignBrokers> {
    try {
      const { brokers } = await withAdmin(bootstrap, (admin) => admin.describeCluster());
      const list = brokers.map(({ nodeId, host, port }) => ({
        id: nodeId,
        address: `${host}:${port}`,
        pid: undefined,
      }));
      return new ForeignBrokers(list.sort((a, b) => a.id - b.id));
    } catch (cause) {
      throw new KafkaClusterError(`No answer from KAFKA_BROKERS=${bootstrap.join(',')}`, { cause });
    }
  }

  async start(brokerId: number): Promise<void> {
    throw new NotOurBrokerError('start', brokerId);
  }

  async terminate(brokerId: number, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    throw new NotOurBrokerError(signal === 'SIGKILL' ? 'kill' : 'stop', brokerId);
  }

  async freeze(brokerId: number, frozen: boolean): Promise<void> {
    throw new NotOurBrokerError(frozen ? 'suspend' : 'continue', brokerId);
  }

  async failure(): Promise<string | undefined> {
    return undefined;
  }

  async runTool(mainClass: string, args: readonly string[]): Promise<CommandResult> {
    const bootstrap = this.list.map(({ address }) => address);
    return runJavaTool(mainClass, withBootstrap(args, bootstrap));
  }

  async end(): Promise<void> {
    // Not ours to end.
  }
}
