import type { EngineEvent } from '@kafka-worker/engine';
import { InMemoryCluster } from '@kafka-worker/testing';
import { DEFAULT_CONNECTION } from '../constants.js';
import { Pilot } from './pilot.js';
import { TestClock } from './test-clock.js';
import { TestSite } from './test-site.js';
import { compileDeliverOptions, type KafkaWorkerTestingOptions } from './testing-options.js';

/** Time and clusters of one test; shared by testing modules that join each other. */
export class TestWorld {
  readonly clock: TestClock;
  readonly pilot: Pilot;
  readonly events: EngineEvent[] = [];
  readonly #sites = new Map<string, TestSite>();
  /** Partitions of topics, for clusters that are still to be made as well. */
  readonly #topics = new Map<string, number>();

  constructor(private readonly options: KafkaWorkerTestingOptions) {
    this.clock = new TestClock(options.now ?? Date.now());
    const isBusy = (): boolean =>
      this.sites.some(({ members }) => members.some((member) => member.isBusy || member.awaitsStore));
    this.pilot = new Pilot(this.clock, isBusy, compileDeliverOptions({}, options));
  }

  get sites(): readonly TestSite[] {
    return [...this.#sites.values()];
  }

  /** Creates topics in every cluster there is and will be. */
  createTopics(topics: Readonly<Record<string, number>>): void {
    for (const [topic, partitions] of Object.entries(topics)) {
      this.#topics.set(topic, partitions);
      for (const { cluster } of this.sites) cluster.createTopic(topic, partitions);
    }
  }

  /** The cluster a connection is to. Made on first use. */
  site(connection: string): TestSite {
    const name = this.options.sharedCluster ? DEFAULT_CONNECTION : connection;
    let site = this.#sites.get(name);
    if (!site) {
      site = this.#makeSite(name);
      this.#sites.set(name, site);
    }
    return site;
  }

  #makeSite(name: string): TestSite {
    const { clock, pilot } = this;
    const cluster = new InMemoryCluster({
      clock,
      defaultPartitions: this.options.partitions ?? 1,
      // What an application sends to has to be somewhere, and a test is not about who creates it.
      autoCreateTopics: true,
    });
    for (const [topic, partitions] of this.#topics) cluster.createTopic(topic, partitions);
    return new TestSite({ name, cluster, clock, pilot, hear: (event) => this.events.push(event) });
  }
}
