import { randomBytes } from 'node:crypto';
import type { KafkaCluster } from '@app/kafka-cluster';
import kafkajs, { type Admin, type Kafka } from 'kafkajs';
import type { BenchArgs } from './args.js';
import type { Cell, Entry } from './cells/cell.js';
import { CELLS, type CellName } from './cells/index.js';
import { topicOf, type LoadSpec } from './load/load-spec.js';
import type { Shape } from './load/shape.js';
import { loadTopic } from './load/topic-loader.js';
import type { Bar } from './report/bars.js';
import { rate } from './report/bars.js';
import { figure } from './report/figures.js';
import type { Job, RunResult } from './run/job.js';
import { alternate } from './run/rounds.js';
import { spawnRun } from './run/spawn.js';

/** All that is known of a cell after its runs. */
export interface CellReport {
  readonly cell: CellName;
  readonly title: string;
  readonly load: LoadSpec;
  readonly shape: Shape;
  readonly runs: ReadonlyMap<string, readonly RunResult[]>;
  readonly bars: readonly Bar[];
}

/** Runs cells on one cluster. */
export class Bench {
  readonly #kafka: Kafka;
  readonly #admin: Admin;
  readonly #groups: string[] = [];
  readonly #topics = new Set<string>();

  constructor(
    private readonly cluster: Pick<KafkaCluster, 'bootstrap'>,
    private readonly args: BenchArgs,
    private readonly say: (line: string) => void,
  ) {
    const { WARN } = kafkajs.logLevel;
    this.#kafka = new kafkajs.Kafka({ clientId: 'bench', brokers: cluster.bootstrap, logLevel: WARN });
    this.#admin = this.#kafka.admin();
  }

  async open(): Promise<void> {
    await this.#admin.connect();
  }

  async run(name: CellName): Promise<CellReport> {
    const cell: Cell = CELLS[name];
    const load = { ...cell.load, records: this.args.records ?? cell.load.records };
    const entries = cell.entries.filter((entry) => this.args.subjects?.includes(entry.name) ?? true);
    this.say(`${name}: filling ${topicOf(load)}`);
    this.#topics.add(topicOf(load));
    const shape = await loadTopic(this.#kafka, this.#admin, load);
    const runs = new Map<string, RunResult[]>(entries.map((entry) => [entry.name, []]));
    const first = entries[0];
    // a broker's first reader pays for its compiler and page cache
    if (first !== undefined && !this.args.verify) await this.#once(name, load, shape, first, 'warm-up');
    for (const { round, item } of alternate(entries, this.args.verify ? 1 : this.args.runs)) {
      runs.get(item.name)?.push(await this.#once(name, load, shape, item, String(round)));
    }
    const measured = !this.args.verify;
    return { cell: name, title: cell.title, load, shape, runs, bars: measured ? cell.bars(runs, shape) : [] };
  }

  async #once(name: CellName, load: LoadSpec, shape: Shape, entry: Entry, round: string): Promise<RunResult> {
    const { verify, timeoutS, profile } = this.args;
    const cell: Cell = CELLS[name];
    const label = `${name}-${entry.name}-${round}`;
    const groupId = `bench-${label}-${randomBytes(6).toString('hex')}`;
    this.#groups.push(groupId);
    const job: Job = {
      kind: entry.kind,
      order: entry.order,
      limit: cell.limit,
      delayMs: cell.delayMs,
      brokers: this.cluster.bootstrap,
      topic: topicOf(load),
      groupId,
      records: load.records,
      perPartition: shape.perPartition,
      hottestKey: load.distribution === 'zipf' ? shape.hottestKey.key : undefined,
      verify,
    };
    const result = await spawnRun(job, { timeoutMs: timeoutS * 1000, profile, name: label });
    await this.#checkCommitted(job, entry.name);
    this.say(`${name} ${round} ${entry.name}: ${figure(rate(result))} records/s`);
    return result;
  }

  /** Whatever was measured counts only if the group's offsets stand at the end. */
  async #checkCommitted({ groupId, topic, perPartition }: Job, entry: string): Promise<void> {
    const [found] = await this.#admin.fetchOffsets({ groupId, topics: [topic] });
    const committed = new Map(found?.partitions.map(({ partition, offset }) => [partition, Number(offset)]));
    perPartition.forEach((end, partition) => {
      const offset = committed.get(partition);
      if (end > 0 && offset !== end) {
        throw new Error(`${entry}: partition ${partition} was committed at ${offset ?? 'nothing'}, its end is ${end}`);
      }
    });
  }

  /** Leaves nothing behind on somebody else's brokers, unless it is to be kept. */
  async close(): Promise<void> {
    try {
      if (this.#groups.length > 0) await this.#admin.deleteGroups(this.#groups).catch(() => {});
      if (!this.args.keep && this.#topics.size > 0) {
        await this.#admin.deleteTopics({ topics: [...this.#topics] }).catch(() => {});
      }
    } finally {
      await this.#admin.disconnect();
    }
  }
}
