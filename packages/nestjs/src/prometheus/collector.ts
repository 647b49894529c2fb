import type { Disposition, EngineEvent, EngineStats, PartitionStats, TopicStats } from '@kafka-worker/engine';
import { Counter, Gauge, Histogram, type Metric, type Registry } from 'prom-client';
import {
  DURATION_BUCKETS,
  GROUP_COUNTERS,
  GROUP_HISTOGRAMS,
  PARTITION_GAUGES,
  PREFIX,
  RECORD_HISTOGRAMS,
  RECORDS_TOTAL,
  TOPIC_COUNTERS,
  TOPIC_GAUGES,
} from './metric-table.js';
import { RecordHistogram, type Series } from './record-histogram.js';

/** What is asked for figures with every scrape. */
export interface FiguresSource {
  stats(): EngineStats;
}

/** The two histograms of one worker's topic. */
export interface RecordSeries {
  readonly handler: Series;
  readonly queue: Series;
}

/** How series are labelled. */
export interface CollectorOptions {
  /** False: no label for the partition. */
  readonly partitions: boolean;
}

const collectors = new WeakMap<Registry, Collector>();

/**
 * The metrics of one registry: however many connections and workers report to it, each metric is there once. Counts and
 * gauges are read from the engines when a scrape asks for them; what happens to groups is counted when it happens.
 */
export class Collector {
  readonly handlerDuration: RecordHistogram;
  readonly queueWait: RecordHistogram;
  readonly #sources = new Set<FiguresSource>();
  /** What engines that have stopped had counted: a count must not fall. */
  readonly #retired = new Map<string, TopicStats>();
  readonly #series = new Map<string, RecordSeries>();
  readonly #groups = new Set<string>();
  readonly #commits: Counter;
  readonly #rebalances: Counter;
  readonly #commitDuration: Histogram;
  readonly #rebalanceDuration: Histogram;
  readonly #drainDuration: Histogram;
  /** Figures of the scrape under way: its metrics are asked one after the other, in one turn. */
  #figures: EngineStats | undefined;

  /** The collector of a registry, made with the first question, and anew where the registry was cleared since. */
  static of(registry: Registry, options: CollectorOptions): Collector {
    const found = collectors.get(registry);
    if (found !== undefined && registry.getSingleMetric(found.handlerDuration.name) !== undefined) return found;
    const collector = new Collector(registry, options);
    collectors.set(registry, collector);
    return collector;
  }

  private constructor(registry: Registry, { partitions }: CollectorOptions) {
    const registers = [registry];
    this.#addRecords(registers);
    for (const [name, { help, labels, of }] of Object.entries(TOPIC_COUNTERS)) {
      this.#scraped(new Counter({ name: PREFIX + name, help, labelNames: labels, registers }), (metric) => {
        for (const topic of this.#topics()) metric.inc(labelsOf(topic), of(topic));
      });
    }
    for (const [name, { help, labels, of }] of Object.entries(TOPIC_GAUGES)) {
      this.#scraped(new Gauge({ name: PREFIX + name, help, labelNames: labels, registers }), (metric) => {
        for (const topic of this.#topics()) metric.set(labelsOf(topic), 0);
        for (const partition of this.#stats().partitions) metric.inc(labelsOf(partition), of(partition));
      });
    }
    for (const [name, { help, labels, of, merge }] of Object.entries(PARTITION_GAUGES)) {
      const labelNames = labels.filter((label) => partitions || label !== 'partition');
      this.#scraped(new Gauge({ name: PREFIX + name, help, labelNames, registers }), (metric) => {
        const merged = new Map<string, { labels: Record<string, string>; value: number }>();
        for (const one of this.#stats().partitions) {
          const own = partitions ? { ...labelsOf(one), partition: String(one.partition) } : labelsOf(one);
          const key = JSON.stringify(own);
          const before = merged.get(key)?.value;
          merged.set(key, { labels: own, value: before === undefined ? of(one) : merge(before, of(one)) });
        }
        for (const series of merged.values()) metric.set(series.labels, series.value);
      });
    }
    const { handler_duration_seconds, queue_wait_seconds } = RECORD_HISTOGRAMS;
    this.handlerDuration = this.#fast(registry, 'handler_duration_seconds', handler_duration_seconds.help);
    this.queueWait = this.#fast(registry, 'queue_wait_seconds', queue_wait_seconds.help);
    const counter = (name: keyof typeof GROUP_COUNTERS): Counter =>
      new Counter({
        name: PREFIX + name,
        help: GROUP_COUNTERS[name].help,
        labelNames: GROUP_COUNTERS[name].labels,
        registers,
      });
    const histogram = (name: keyof typeof GROUP_HISTOGRAMS): Histogram => {
      const { help, labels, buckets } = GROUP_HISTOGRAMS[name];
      return new Histogram({ name: PREFIX + name, help, labelNames: labels, buckets: [...buckets], registers });
    };
    this.#commits = counter('commits_total');
    this.#rebalances = counter('rebalances_total');
    this.#commitDuration = histogram('commit_duration_seconds');
    this.#rebalanceDuration = histogram('rebalance_duration_seconds');
    this.#drainDuration = histogram('drain_duration_seconds');
  }

  add(source: FiguresSource): void {
    this.#sources.add(source);
  }

  /** The source counts no more. */
  retire(source: FiguresSource): void {
    if (!this.#sources.delete(source)) return;
    for (const topic of source.stats().topics) add(this.#retired, topic);
  }

  /** The series of a worker's topic, to be kept by who observes in it. */
  seriesOf(worker: string, topic: string, group: string): RecordSeries {
    const key = keyOf({ worker, topic, groupId: group });
    let series = this.#series.get(key);
    if (series === undefined) {
      const labels = { worker, topic, group };
      series = { handler: this.handlerDuration.add(labels), queue: this.queueWait.add(labels) };
      this.#series.set(key, series);
    }
    return series;
  }

  event(event: EngineEvent): void {
    const { type } = event;
    if (type === 'group.state') this.#known(event.groupId);
    else if (type === 'commit.failed') this.#commits.inc({ group: event.groupId, outcome: 'failed' });
    else if (type === 'commit.succeeded') {
      this.#commits.inc({ group: event.groupId, outcome: 'succeeded' });
      this.#commitDuration.observe({ group: event.groupId }, event.durationMs / 1000);
    } else if (type === 'group.rebalanced') {
      this.#rebalances.inc({ group: event.groupId });
      this.#rebalanceDuration.observe({ group: event.groupId }, event.durationMs / 1000);
    } else if (type === 'drain.finished') {
      this.#drainDuration.observe({ group: event.groupId, outcome: event.outcome }, event.durationMs / 1000);
    }
  }

  /** A rate needs a first value of zero: `rate()` does not see the first commit that failed otherwise. */
  #known(group: string): void {
    if (this.#groups.has(group)) return;
    this.#groups.add(group);
    for (const outcome of ['succeeded', 'failed']) this.#commits.inc({ group, outcome }, 0);
    this.#rebalances.inc({ group }, 0);
    this.#commitDuration.zero({ group });
    this.#rebalanceDuration.zero({ group });
    for (const outcome of ['drained', 'timeout', 'completed']) this.#drainDuration.zero({ group, outcome });
  }

  #addRecords(registers: Registry[]): void {
    const { name, help, labels } = RECORDS_TOTAL;
    this.#scraped(new Counter({ name: PREFIX + name, help, labelNames: labels, registers }), (metric) => {
      for (const topic of this.#topics()) {
        for (const [disposition, count] of Object.entries(topic.dispositions)) {
          metric.inc({ ...labelsOf(topic), disposition }, count);
        }
      }
    });
  }

  /** Made anew with each scrape: what is gone by then is not there. */
  #scraped<M extends Counter | Gauge>(metric: M, fill: (metric: M) => void): void {
    Object.assign(metric, {
      collect: () => {
        metric.reset();
        fill(metric);
      },
    });
  }

  #fast(registry: Registry, name: string, help: string): RecordHistogram {
    const metric = new RecordHistogram(PREFIX + name, help, DURATION_BUCKETS);
    registry.registerMetric(metric as unknown as Metric);
    return metric;
  }

  #stats(): EngineStats {
    if (this.#figures !== undefined) return this.#figures;
    const all = [...this.#sources].map((source) => source.stats());
    this.#figures = {
      topics: all.flatMap(({ topics }) => topics),
      partitions: all.flatMap(({ partitions }) => partitions),
    };
    queueMicrotask(() => (this.#figures = undefined));
    return this.#figures;
  }

  #topics(): Iterable<TopicStats> {
    const sums = new Map(this.#retired);
    for (const topic of this.#stats().topics) add(sums, topic);
    return sums.values();
  }
}

function add(sums: Map<string, TopicStats>, topic: TopicStats): void {
  const key = keyOf(topic);
  const before = sums.get(key);
  if (before === undefined) return void sums.set(key, topic);
  const names = Object.keys(topic.dispositions) as Disposition[];
  const dispositions = { ...topic.dispositions };
  for (const name of names) dispositions[name] += before.dispositions[name];
  sums.set(key, {
    ...topic,
    dispositions,
    retries: before.retries + topic.retries,
    redeliveredDone: before.redeliveredDone + topic.redeliveredDone,
  });
}

type OfTopic = Pick<TopicStats, 'worker' | 'topic' | 'groupId'>;

function keyOf({ worker, topic, groupId }: OfTopic): string {
  return `${worker}\n${topic}\n${groupId}`;
}

function labelsOf({ worker, topic, groupId }: OfTopic | PartitionStats): Record<string, string> {
  return { worker, topic, group: groupId };
}
