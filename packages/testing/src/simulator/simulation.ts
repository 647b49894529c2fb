import { InMemoryCluster } from '../cluster.js';
import type { Latency } from '../latency.js';
import { Decisions } from './decisions.js';
import { GroupModel } from './model/group-model.js';
import { LogModel } from './model/log-model.js';
import { keyOf } from './model/names.js';
import { type Violation, Violations } from './model/violation.js';
import type { CopyFate } from './model/policy-rule.js';
import { readStoredMap, spansHold } from './model/stored-map.js';
import {
  DEAD_LETTERS,
  groupName,
  OUTPUTS,
  ofRetryTopic,
  RETRY_DELAYS_MS,
  retryTopic,
  type Scenario,
  topicName,
} from './scenario/scenario.js';
import { copyOf, retryRecords } from './world/copies.js';
import { History } from './world/history.js';
import { runScript } from './world/script.js';
import { SimClock } from './world/sim-clock.js';
import { SimDatabase } from './world/sim-store.js';
import { SimProcess, type ProcessWorld } from './world/sim-process.js';

/** Where time starts: 2025-01-01T00:00:00Z. Milliseconds since the epoch. */
const START = Date.UTC(2025, 0, 1);

/** A history that has taken this many steps goes in circles. */
const STEP_LIMIT = 200_000;

/** How a simulation went. */
export interface SimulationResult {
  /** What was found broken in the step that ended it; empty: every promise held to the end. */
  readonly violations: readonly Violation[];
  /** Timers that fired; after each one everything was checked. */
  readonly steps: number;
  /** Handlers that were started. */
  readonly starts: number;
  /** Virtual milliseconds. */
  readonly tookMs: number;
  /** What happened, a line each; the last `limit` of them. */
  history(limit?: number): string;
}

/** A group with a topic that it reads. */
export interface Reading {
  readonly group: number;
  readonly topic: number;
  readonly partitions: number;
  /** Commits are the handlers' business. */
  readonly manual: boolean;
  /** A record that is committed may never have been handled. */
  readonly onceAtMost: boolean;
  /** A database knows what has settled: nothing comes again. */
  readonly inStore: boolean;
}

/** A cluster, processes that come and go, and the model that watches them. */
export class Simulation implements ProcessWorld {
  readonly violations = new Violations();
  readonly groups = new GroupModel(this.violations);
  readonly decisions: Decisions;
  readonly clock: SimClock;
  readonly cluster: InMemoryCluster;
  readonly database = new SimDatabase();
  readonly history: History;
  /** In the order of their starts; those that ended are in it too. */
  readonly processes: SimProcess[] = [];
  calm = false;
  mapsMayBeLost = false;
  membershipsAreInDoubt = false;
  /** How many were begun. */
  transactions = 0;
  #starts = new Map<string, number>();
  #startCount = 0;
  readonly #logs = new Map<string, LogModel>();

  constructor(readonly scenario: Scenario) {
    const { seed, cluster } = scenario;
    const decisions = (this.decisions = new Decisions(seed));
    this.clock = new SimClock(START, cluster.shuffle ? (id) => decisions.below(1 << 16, 'rank', id) : () => 0);
    this.history = new History(() => this.clock.now());
    this.cluster = new InMemoryCluster({
      clock: this.clock,
      latencyMs: latencyOf(cluster.latencyMs, decisions),
      heartbeatIntervalMs: cluster.heartbeatIntervalMs,
      fetchMaxRecords: cluster.fetchMaxRecords,
    });
    cluster.partitions.forEach((partitions, topic) => this.cluster.createTopic(topicName(topic), partitions));
    this.cluster.createTopic(DEAD_LETTERS, 2);
    this.cluster.createTopic(OUTPUTS, 2);
  }

  now(): number {
    return this.clock.now();
  }

  log(topic: number, partition: number): LogModel {
    const key = `${topic}/${partition}`;
    let log = this.#logs.get(key);
    if (log === undefined) this.#logs.set(key, (log = new LogModel()));
    // nobody but the engine writes there: what it has written is what there is
    if (ofRetryTopic(topic) !== undefined) log.replace(retryRecords(this.cluster, topic, partition));
    return log;
  }

  isStored(group: number, topic: number, partition: number, offset: number): boolean {
    const stored = this.cluster.committed(groupName(group), topicName(topic), partition);
    if (stored === undefined) return false;
    return offset < stored.offset || spansHold(readStoredMap(stored.metadata, stored.offset) ?? [], offset);
  }

  isCopied(to: CopyFate, group: number, origin: string): boolean {
    const topics =
      to === 'dead-lettered'
        ? [DEAD_LETTERS]
        : this.readings().flatMap((reading) =>
            reading.group === group && ofRetryTopic(reading.topic) !== undefined ? [topicName(reading.topic)] : [],
          );
    return topics.some((topic) =>
      this.cluster.records(topic).some((record) => {
        const copy = copyOf(record);
        return copy?.group === group && copy.origin === origin;
      }),
    );
  }

  believed(name: string, group: number): boolean {
    return this.processes.find((process) => process.name === name)?.believed(group) ?? false;
  }

  countStart(key: string): number {
    this.#startCount++;
    const nth = (this.#starts.get(key) ?? 0) + 1;
    this.#starts.set(key, nth);
    return nth;
  }

  /** Starts one more process. */
  join(): SimProcess {
    const process = new SimProcess(`P${this.processes.length}`, this);
    this.processes.push(process);
    process.start();
    return process;
  }

  /** Groups of the scenario with the topics they read, each pair once. */
  readings(): Reading[] {
    return this.scenario.workers.flatMap(({ group, topic, commit, delivery, retryTopics }) => {
      const onceAtMost = delivery === 'at-most-once';
      const manual = !onceAtMost && (commit === 'manual' || commit === 'none');
      const partitions = this.scenario.cluster.partitions[topic] ?? 1;
      const reading = { group, topic, partitions, manual, onceAtMost, inStore: delivery === 'exactly-once' };
      if (retryTopics !== true) return [reading];
      return [reading, ...RETRY_DELAYS_MS.map((_, i) => ({ ...reading, topic: retryTopic(topic, group, i) }))];
    });
  }

  /** How often each record has taken effect; undefined where handlers of this group have no transactions. */
  effects(group: number, topic: number): ReadonlyMap<string, number> | undefined {
    const source = ofRetryTopic(topic)?.topic ?? topic;
    const worker = this.scenario.workers.find((one) => one.group === group && one.topic === source);
    if (worker?.delivery === 'exactly-once') return this.database.effects;
    if (worker?.delivery !== 'transactional') return undefined;
    const effects = new Map<string, number>();
    for (const { value } of this.cluster.records(OUTPUTS)) {
      const name = value?.toString() ?? '';
      effects.set(name, (effects.get(name) ?? 0) + 1);
    }
    return effects;
  }

  #mayBeDropped(group: number, topic: number): boolean {
    return this.readings().some((reading) => reading.group === group && reading.topic === topic && reading.onceAtMost);
  }

  /** Records of a partition that nobody is through with in this group. */
  unaccounted(group: number, topic: number, partition: number): number[] {
    return (
      this.log(topic, partition)
        .records.map(({ offset }) => offset)
        .filter((offset) => !this.groups.accounted(keyOf(group, topic, partition), offset))
        // it was marked, or took effect, while its process had been told already that it would not count
        .filter((offset) => !this.database.isDone(`${groupName(group)}/${topicName(topic)}/${partition}`, offset))
        .filter((offset) => (this.effects(group, topic)?.get(`${keyOf(group, topic, partition)}/${offset}`) ?? 0) === 0)
        .filter((offset) => !(this.#mayBeDropped(group, topic) && this.isStored(group, topic, partition, offset)))
    );
  }

  async run(): Promise<SimulationResult> {
    let ended = false;
    const script = runScript(this).then(
      () => (ended = true),
      (error: unknown) => {
        ended = true;
        this.violations.add(
          'liveness',
          `the simulation itself failed: ${error instanceof Error ? error.stack : String(error)}`,
        );
      },
    );
    await this.clock.settle();
    let steps = 0;
    for (; !ended && this.violations.all.length === 0; steps++) {
      if (steps >= STEP_LIMIT) this.violations.add('liveness', `${STEP_LIMIT} steps and no end`);
      else if (!(await this.clock.step())) this.violations.add('liveness', 'nothing is left that could happen');
      for (const process of this.processes) process.check();
    }
    if (ended) await script;
    const tookMs = this.clock.now() - START;
    return {
      violations: this.violations.all,
      steps,
      starts: this.#startCount,
      tookMs,
      history: (limit) => this.history.print(limit),
    };
  }
}

/** Each message of each connection takes its own time. */
function latencyOf(longestMs: number, decisions: Decisions): Latency {
  if (longestMs === 0) return 0;
  const sent = new Map<string, number>();
  return ({ from, to }) => {
    const nth = (sent.get(from + to) ?? 0) + 1;
    sent.set(from + to, nth);
    return decisions.below(longestMs + 1, 'hop', from, to, nth);
  };
}

/** Plays a scenario through. The same scenario always goes the same way. */
export function simulate(scenario: Scenario): Promise<SimulationResult> {
  return new Simulation(scenario).run();
}
