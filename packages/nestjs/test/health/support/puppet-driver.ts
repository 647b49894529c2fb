import type {
  DriverConsumer,
  DriverConsumerListener,
  DriverConsumerOptions,
  DriverConsumerState,
  KafkaDriver,
} from '@kafka-worker/engine';
import type { InMemoryCluster } from '@kafka-worker/testing';

/** A client of a group whose word is the test's. Records, joins and commits are the cluster's. */
export class Puppet {
  listener!: DriverConsumerListener;
  /** Milliseconds since the epoch; undefined: it has no loop to watch. */
  turnedAt: number | undefined;

  constructor(
    readonly cluster: InMemoryCluster,
    readonly groupId: string,
  ) {}

  /** Tells its state, whatever it is. */
  say(state: DriverConsumerState, cause?: Error): void {
    this.listener.stateChanged(state, cause);
  }

  /** Gives up, as `kafkajs` puts it. */
  crash(willRestart: boolean): void {
    this.say('crashed', Object.assign(new Error('gave up'), { willRestart }));
  }

  /** The cluster forgets the member, and the client, which still answers questions, never learns it. */
  becomeZombie(): void {
    const [consumer] = this.cluster.consumers(this.groupId);
    if (consumer === undefined) throw new Error('nobody is in the group');
    const { memberId } = consumer;
    this.cluster.crash(consumer);
    this.cluster.expireSession(memberId);
  }
}

/** The in-memory driver with a {@link Puppet} for each group. */
export class PuppetDriver implements KafkaDriver {
  readonly name = 'puppet';
  readonly puppets = new Map<string, Puppet>();
  readonly #driver: KafkaDriver;
  readonly capabilities: KafkaDriver['capabilities'];

  constructor(readonly cluster: InMemoryCluster) {
    this.#driver = cluster.driver();
    this.capabilities = this.#driver.capabilities;
  }

  of(groupId: string): Puppet {
    const puppet = this.puppets.get(groupId);
    if (puppet === undefined) throw new Error(`nobody joins ${groupId}`);
    return puppet;
  }

  createConsumer(options: DriverConsumerOptions): DriverConsumer {
    const { cluster } = this;
    const puppet = new Puppet(cluster, options.groupId);
    this.puppets.set(options.groupId, puppet);
    const inner = this.#driver.createConsumer(options);
    return new Proxy(inner, {
      get: (target, name) => {
        if (name === 'turnedAt') return puppet.turnedAt;
        if (name === 'describeGroup') return async () => cluster.group(options.groupId);
        if (name === 'start') {
          return (listener: DriverConsumerListener): Promise<void> => {
            puppet.listener = listener;
            return target.start(listener);
          };
        }
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === 'function' ? (value as (...args: unknown[]) => unknown).bind(target) : value;
      },
    });
  }

  createProducer(): ReturnType<KafkaDriver['createProducer']> {
    return this.#driver.createProducer();
  }

  createAdmin(): ReturnType<KafkaDriver['createAdmin']> {
    return this.#driver.createAdmin();
  }
}
