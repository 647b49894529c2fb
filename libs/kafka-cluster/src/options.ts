/** What a cluster should be like. */
export interface ClusterOptions {
  /** How many brokers, each of them a controller too. Default 1. */
  readonly brokers?: number;
  /** Broker settings beside or instead of those for tests (src/broker-properties.ts), the same for every broker. */
  readonly properties?: Readonly<Record<string, string>>;
  /** The heap of each broker at most, in MiB. Default 512. */
  readonly heapMb?: number;
  /**
   * Other options of the brokers' JVMs. Default QUICK_JVM, which halves the time to start and costs throughput later;
   * give `[]` to measure throughput.
   */
  readonly jvmOptions?: readonly string[];
  /** The first broker's port, the others follow. Default 0: free ports. */
  readonly port?: number;
}

/** A light compiler and one garbage collection thread: a broker of a test lives too short to earn more. */
export const QUICK_JVM: readonly string[] = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC'];

/** `options` with every default filled in. Throws RangeError for numbers that make no sense. */
export function withDefaults(options: ClusterOptions): Required<ClusterOptions> {
  const { brokers = 1, properties = {}, heapMb = 512, jvmOptions = QUICK_JVM, port = 0 } = options;
  if (!Number.isInteger(brokers) || brokers < 1) throw new RangeError(`brokers must be 1 or more, not ${brokers}`);
  if (!Number.isInteger(heapMb) || heapMb < 128) throw new RangeError(`heapMb must be 128 or more, not ${heapMb}`);
  if (!Number.isInteger(port) || port < 0 || port + brokers > 65_536) throw new RangeError(`no such port: ${port}`);
  return { brokers, properties, heapMb, jvmOptions, port };
}
