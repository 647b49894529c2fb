import { createRequire } from 'node:module';

/** A metric as a parser of Prometheus' text format understands it. */
export interface ParsedMetric {
  readonly name: string;
  readonly help: string;
  readonly type: 'COUNTER' | 'GAUGE' | 'HISTOGRAM';
  readonly metrics: readonly ParsedSeries[];
}

export interface ParsedSeries {
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: string;
}

const parse = createRequire(import.meta.url)('parse-prometheus-text-format') as (text: string) => ParsedMetric[];

/** What a scrape has said, to be asked by name and labels. */
export class Scrape {
  readonly metrics: ReadonlyMap<string, ParsedMetric>;
  /** By the name of the sample: those of histograms end in `_bucket`, `_sum`, `_count`. */
  readonly #samples: ReadonlyMap<string, ParsedMetric>;

  constructor(readonly text: string) {
    this.metrics = byName(parse(text));
    // the parser puts the series of a histogram together, whatever their labels; without its type they are samples
    this.#samples = byName(parse(text.replace(/^# TYPE \S+ histogram\n/gm, '')));
  }

  /** Names without the prefix. */
  get names(): string[] {
    return [...this.metrics.keys()].map((name) => name.replace(/^kafka_worker_/, ''));
  }

  /** All series of a metric whose labels match; of a histogram their counts. */
  series(name: string, labels: Record<string, string> = {}): readonly ParsedSeries[] {
    const { type } = this.metrics.get(`kafka_worker_${name}`) ?? {};
    const sample = type === 'HISTOGRAM' ? `${name}_count` : name;
    const found = this.#samples.get(`kafka_worker_${sample}`)?.metrics ?? [];
    return found.filter((one) => Object.entries(labels).every(([label, value]) => one.labels?.[label] === value));
  }

  /** The value of the one series that matches; of a histogram how often it was observed. */
  value(name: string, labels: Record<string, string> = {}): number {
    const [one, ...more] = this.series(name, labels);
    if (one !== undefined && more.length === 0) return Number(one.value);
    throw new Error(`not one series of ${name} for ${JSON.stringify(labels)}: ${JSON.stringify(this.series(name))}`);
  }
}

function byName(metrics: readonly ParsedMetric[]): Map<string, ParsedMetric> {
  const found = new Map<string, ParsedMetric>();
  for (const metric of metrics) {
    const before = found.get(metric.name)?.metrics ?? [];
    found.set(metric.name, { ...metric, metrics: [...before, ...metric.metrics] });
  }
  return found;
}
