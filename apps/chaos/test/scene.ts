import { Ledger, KafkaView, Load, Supervisor, type MemberOptions, type Shape } from '../src/index.js';
import { testBrokers, uniqueName } from '@app/kafka-cluster';

/** What a row is played on: a topic and a group of its own, the ledger, and everybody who writes into it. */
export interface Scene {
  readonly topic: string;
  readonly groupId: string;
  readonly ledger: Ledger;
  readonly supervisor: Supervisor;
  readonly load: Load;
  readonly view: KafkaView;
  /** Options of a member of this scene. */
  member(id: string, options: Omit<MemberOptions, 'id' | 'brokers' | 'topic' | 'groupId'>): MemberOptions;
  /** Ends the load, the members and every connection. */
  end(): Promise<void>;
}

export interface SceneOptions {
  readonly partitions: number;
  readonly concurrency: Ledger['concurrency'];
  /** What the records of the load are like. */
  readonly shape: (n: number) => Shape;
  /** Default: the cluster that the whole jest run shares. */
  readonly brokers?: readonly string[];
}

/** Makes the topic and connects; nothing runs yet. */
export async function setScene(name: string, options: SceneOptions): Promise<Scene> {
  const brokers = options.brokers ?? testBrokers();
  const topic = uniqueName(name);
  const groupId = uniqueName(`${name}-group`);
  const view = await KafkaView.open(brokers);
  await view.createTopic(topic, options.partitions);
  const ledger = new Ledger(options.concurrency);
  const supervisor = new Supervisor(ledger);
  const load = new Load(brokers, topic, ledger, options.shape);
  return {
    topic,
    groupId,
    ledger,
    supervisor,
    load,
    view,
    member: (id, rest) => ({ id, brokers, topic, groupId, ...rest }),
    end: async () => {
      await load.end();
      await supervisor.end();
      await view.close();
    },
  };
}

/** Keys `k0` … one after the other, so that every key has records in turn. */
export function keys(count: number): (n: number) => Shape {
  return (n) => ({ key: `k${n % count}` });
}

/** The figures of a row in one line. */
export function figures(row: string, values: Readonly<Record<string, unknown>>): void {
  const shown = Object.entries(values).map(([name, value]) => `${name} ${JSON.stringify(value)}`);
  console.info(`[chaos] ${row}: ${shown.join(', ')}`);
}
