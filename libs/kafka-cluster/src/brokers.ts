import type { CommandResult } from './commands.js';

/** One broker of a cluster. */
export interface Broker {
  /** Kafka's node.id. */
  readonly id: number;
  /** `host:port` for clients. It stays the same over kill and restart. */
  readonly address: string;
  /** The broker's process, `undefined` while it does not run or when it is not a process of this machine. */
  readonly pid: number | undefined;
}

/**
 * Those who run the brokers: Java processes, containers, or somebody else. The difference between them ends here.
 * Every method that takes a broker id is given one of `list`.
 */
export interface Brokers {
  readonly list: readonly Broker[];
  /** Where data and logs are until the end; `undefined` when somebody else runs the brokers. */
  readonly directory: string | undefined;
  /** Starts a broker that does not run, on its old port with its old data. Does not wait until it answers. */
  start(brokerId: number): Promise<void>;
  /** Ends a broker and waits for its end. */
  terminate(brokerId: number, signal: 'SIGTERM' | 'SIGKILL'): Promise<void>;
  /** Freezes a broker, or lets it go on. */
  freeze(brokerId: number, frozen: boolean): Promise<void>;
  /** Why a broker cannot be running any more, with the end of its log; `undefined` while there is no such reason. */
  failure(brokerId: number): Promise<string | undefined>;
  /** Runs one of Kafka's command-line tools against the cluster. */
  runTool(mainClass: string, args: readonly string[]): Promise<CommandResult>;
  /** Ends all and deletes all data. */
  end(): Promise<void>;
}
