import { setTimeout as sleep } from 'node:timers/promises';
import type { DriverAdmin } from '@kafka-worker/engine';
import type { DemoOptions } from '../args/options.js';
import { Ledger } from '../ledger/ledger.js';
import { PARTITIONS, TOPICS } from '../shop/common/topics.js';
import { LiveDisplay, PlainDisplay, type Display } from '../view/display.js';
import type { DemoCluster } from './cluster/demo-cluster.js';
import { ClusterWatch } from './cluster-watch.js';
import { Interrupts } from './interrupts.js';
import { Crew } from './members/crew.js';
import { ShopFront } from './shop-front.js';
import { renderSummary } from './summary.js';
import { ViewSource } from './view-source.js';

/**
 * complete     every order is through every topic, and committed
 * interrupted  Ctrl-C
 * deserted     no member is left
 * stalled      nothing has been finished for a minute though there is work
 */
type Ending = 'complete' | 'interrupted' | 'deserted' | 'stalled';

const REASONS: Readonly<Record<Ending, string | undefined>> = {
  complete: undefined,
  interrupted: undefined,
  deserted: 'No member of the group is left.',
  stalled: 'Nothing was finished for a minute; see the logs and what is frozen.',
};

const LOOK_EVERY_MS = 500;
const STALLED_MS = 60_000;
const TRIM_EVERY_LOOKS = 20;
const FORCED = 130;

const CHAIN: readonly string[] = Object.values(TOPICS);

/** Runs the demo on a cluster: opens the shop, watches it, drains it and sums up. */
export class Supervisor {
  readonly #ledger = new Ledger({
    [TOPICS.orders]: 'key',
    [TOPICS.payments]: 'partition',
    [TOPICS.notifications]: 'unordered',
  });
  readonly #admin: DriverAdmin;
  readonly #crew: Crew;
  readonly #front: ShopFront;
  readonly #watch: ClusterWatch;
  readonly #view: ViewSource;
  readonly #over = new AbortController();
  #looking: Promise<unknown> = Promise.resolve();
  #display: Display | undefined;

  constructor(
    private readonly options: DemoOptions,
    private readonly cluster: DemoCluster,
    private readonly print: (line: string) => void,
  ) {
    const { driver, groupId } = cluster;
    const { seed, rate, records } = options;
    this.#crew = new Crew(options, cluster, this.#ledger);
    this.#front = new ShopFront(driver.createProducer(), { topic: TOPICS.orders, seed, rate, records });
    this.#admin = driver.createAdmin();
    this.#watch = new ClusterWatch(this.#admin, groupId, CHAIN);
    this.#view = new ViewSource({
      options,
      cluster,
      ledger: this.#ledger,
      watch: this.#watch,
      members: this.#crew.members,
    });
  }

  /** @returns the exit code. @throws what keeps the shop from opening or running; everything is closed then, too. */
  async run(): Promise<number> {
    const interrupts = new Interrupts(() => this.#force());
    try {
      const opened = await Promise.race([this.#open().then(() => true), interrupts.first.then(() => false)]);
      if (!opened) return FORCED;
      const ending = await this.#until(interrupts);
      return await this.#end(ending);
    } finally {
      this.#display?.close();
      this.#over.abort();
      await this.#front.close();
      await this.#crew.stop();
      await this.#admin.close();
      interrupts.close();
    }
  }

  async #open(): Promise<void> {
    await this.#admin.connect();
    const partitions = Object.entries(PARTITIONS) as [keyof typeof TOPICS, number][];
    await this.#admin.createTopics(partitions.map(([name, count]) => ({ topic: TOPICS[name], partitions: count })));
    await this.#watch.look();
    if (this.#over.signal.aborted) return; // Ctrl-C came meanwhile: nobody would close what is opened from here on
    await this.#crew.start();
    if (this.#over.signal.aborted) return;
    for (const { number, http, log, process } of this.#crew.members) {
      this.print(`member ${number}: pid ${process?.pid}, ${http}/health/ready, log ${log}`);
    }
    const { stdout } = process;
    const state = (): ReturnType<ViewSource['state']> => this.#view.state();
    this.#display = this.options.view && stdout.isTTY ? new LiveDisplay(state) : new PlainDisplay(state, this.print);
  }

  /** Resolves with why the run ends. @throws what the front throws. */
  async #until(interrupts: Interrupts): Promise<Ending> {
    return Promise.race([
      interrupts.first.then((): Ending => 'interrupted'),
      this.#crew.over.then((): Ending => 'deserted'),
      this.#front.open().then(() => new Promise<never>(() => undefined)),
      (this.#looking = this.#look()),
    ]);
  }

  /** Looks at the cluster as long as the run lasts. Resolves when there is nothing more to do, or nothing moves. */
  async #look(): Promise<Ending> {
    let [looks, finished, movedAt] = [0, 0, Date.now()];
    for (;;) {
      await sleep(LOOK_EVERY_MS, undefined, { signal: this.#over.signal });
      await this.#watch.look();
      if (++looks % TRIM_EVERY_LOOKS === 0) this.#trim();
      if (this.#front.finished && this.#watch.lag === 0) return 'complete';
      if (finished !== this.#ledger.finished || this.#watch.lag === 0) movedAt = Date.now();
      finished = this.#ledger.finished;
      if (Date.now() - movedAt > STALLED_MS) return 'stalled';
    }
  }

  #trim(): void {
    for (const topic of CHAIN) {
      const committed = this.#watch.ends(topic).map(({ partition, committed }) => ({ partition, offset: committed }));
      this.cluster.trim(topic, committed);
    }
  }

  async #end(ending: Ending): Promise<number> {
    this.#view.draining = true;
    await this.#front.close();
    const drainedFrom = performance.now();
    const stopped = this.#crew.stop();
    this.#display?.refresh(); // a drain is over before the next frame is due
    await stopped;
    const drainMs = performance.now() - drainedFrom;
    this.#over.abort();
    await this.#looking.catch(() => undefined); // its last answers must not overwrite the final ones
    await this.#watch.look();
    this.#display?.close();

    const asked = ending === 'interrupted' ? undefined : this.options.records;
    const verdict = this.#ledger.verdict((topic) => this.#watch.ends(topic), asked);
    const { drains, killed, members } = this.#crew;
    const lines = renderSummary({
      verdict,
      drains,
      drainMs,
      killed,
      reason: REASONS[ending],
      prefix: this.cluster.prefix,
    });
    for (const member of members) if (member.failure) this.print(`member ${member.number}: ${member.failure}`);
    for (const line of lines) this.print(line);
    const ended = ending === 'complete' || ending === 'interrupted';
    return verdict.ok && ended ? 0 : 1;
  }

  #force(): void {
    this.#display?.close();
    this.#crew.kill();
    const { finished } = this.#ledger;
    this.print(`Ended by force: ${finished} finished; what ran is not committed and would be handled again.`);
    process.exit(FORCED);
  }
}
