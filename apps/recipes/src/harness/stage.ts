import { setTimeout } from 'node:timers/promises';
import type { DynamicModule, INestApplication, Type } from '@nestjs/common';
import type { DriverAdmin, GroupDescription, OutgoingRecord } from '@kafka-worker/engine';
import { KafkaWorkerRuntime } from '@kafka-worker/nestjs';
import { type BootOptions, createApp, type LogLevel } from './boot.js';
import { now } from './clock.js';
import type { RecipeCluster } from './cluster/recipe-cluster.js';
import type { DatabaseConfig } from './database/database-config.js';
import type { RecipeDatabase } from './database/recipe-database.js';
import { Journal } from './journal.js';
import type { KafkaConfig } from './kafka-config.js';
import { MemberProcess } from './member-process.js';

/** How long a topic is waited for. Milliseconds. */
const PATIENCE_MS = 60_000;

/** What a stage is set with. */
export interface StageOptions {
  /** Id of the recipe. */
  readonly recipe: string;
  readonly cluster: RecipeCluster;
  /** Whether servers of this machine are left alone. */
  readonly embeddedDatabase: boolean;
  readonly log: LogLevel;
  /** Where lines go that are said while the recipe runs. */
  readonly say: (line: string) => void;
}

/** A topic with what is in it before the app starts. A value that is an object is sent as JSON. */
export interface Seed {
  readonly topic: string;
  readonly partitions: number;
  readonly records: readonly SeedRecord[];
}

/** One record of a seed. */
export interface SeedRecord {
  readonly key?: string;
  readonly partition?: number;
  readonly value: object;
}

/** How far a group is in a topic: an entry for each partition. */
export interface Progress {
  /** Next offset to read, as the group has committed it; 0 where it has not. */
  readonly committed: readonly number[];
  /** What stands beside it: the done-set, or nothing. */
  readonly metadata: readonly string[];
  readonly ends: readonly number[];
  readonly lag: number;
}

/** What a recipe is played on: a cluster, members in this and other processes, and the journal they write. */
export class Stage {
  readonly journal = new Journal();
  readonly #options: StageOptions;
  readonly #kafka: KafkaConfig;
  readonly #apps = new Set<INestApplication>();
  readonly #processes: MemberProcess[] = [];
  readonly #startedAt = now();
  #admin: Promise<DriverAdmin> | undefined;
  #database: Promise<RecipeDatabase> | undefined;

  constructor(options: StageOptions) {
    this.#options = options;
    this.#kafka = options.cluster.connect('recipe');
  }

  /** True on real brokers, where a rebalance takes its time. */
  get onBroker(): boolean {
    return this.#options.cluster.kind === 'broker';
  }

  /** Milliseconds since the stage was set. */
  since(at = now()): number {
    return Math.round(at - this.#startedAt);
  }

  say(line: string): void {
    this.#options.say(line);
  }

  /** Creates a topic and sends its records; returns when the cluster has them all. */
  async seed({ topic, partitions, records }: Seed): Promise<void> {
    const admin = await this.#connectAdmin();
    await admin.createTopics([{ topic, partitions }]);
    await this.send(topic, records);
  }

  /** Sends more to a topic. */
  async send(topic: string, records: readonly SeedRecord[]): Promise<void> {
    const outgoing: OutgoingRecord[] = records.map(({ key, partition, value }) => ({
      topic,
      value: JSON.stringify(value),
      ...(key === undefined ? {} : { key }),
      ...(partition === undefined ? {} : { partition }),
    }));
    const producer = this.#kafka.driver.createProducer();
    await producer.connect();
    await producer.send(outgoing);
    await producer.close();
  }

  /** Waits until a topic of one partition has so many records. */
  async appended(topic: string, records: number): Promise<void> {
    const admin = await this.#connectAdmin();
    const deadline = now() + PATIENCE_MS;
    for (;;) {
      const [range] = await admin.logRanges(topic);
      if (range !== undefined && range.high >= records) return;
      if (now() > deadline) throw new Error(`waited ${PATIENCE_MS} ms in vain: ${records} records in ${topic}`);
      await setTimeout(5);
    }
  }

  /** A PostgreSQL, which every member started from now on is told of. */
  database(): Promise<RecipeDatabase> {
    // Loaded where it is needed only: an embedded one is heavy.
    return (this.#database ??= import('./database/recipe-database.js').then(({ RecipeDatabase }) =>
      this.#options.embeddedDatabase ? RecipeDatabase.embedded() : RecipeDatabase.start(),
    ));
  }

  /** Boots the app in this process; its workers run when this resolves. `line` gets what it logs. */
  async boot(module: Type | DynamicModule, id = 'app', { line }: Pick<BootOptions, 'line'> = {}): Promise<StagedApp> {
    const { cluster, log } = this.#options;
    const app = await createApp({
      module,
      kafka: cluster.connect(id),
      database: await this.#databaseConfig(),
      log,
      line,
      tell: (event) => this.journal.add({ ...event, member: id }),
    });
    this.#apps.add(app);
    await app.init();
    const close = async (): Promise<void> => {
      this.#apps.delete(app);
      await app.close();
    };
    return { id, app, runtime: app.get(KafkaWorkerRuntime), close };
  }

  /** Starts the recipe's app in a process of its own; does not wait for it. */
  async start(id: string, options: { readonly http?: boolean } = {}): Promise<MemberProcess> {
    const { recipe, cluster, log } = this.#options;
    const address = await cluster.address();
    const database = await this.#databaseConfig();
    const http = options.http ?? false;
    const member = new MemberProcess({ recipe, id, address, database, log, http }, this.journal);
    this.#processes.push(member);
    return member;
  }

  /** Waits until so many records are settled: done or skipped, by whichever member. */
  settled(records: number): Promise<void> {
    return this.journal.until(`${records} records settled`, (journal) => journal.settled() >= records);
  }

  /** How far a group is. */
  async progress(groupId: string, topic: string): Promise<Progress> {
    const admin = await this.#connectAdmin();
    const ranges = (await admin.logRanges(topic)).sort((a, b) => a.partition - b.partition);
    const commits = await admin.committed(groupId, [topic]);
    const found = ranges.map(({ partition }) => commits.find((commit) => commit.partition === partition));
    const ends = ranges.map(({ high }) => high);
    const committed = found.map((commit) => commit?.offset ?? 0);
    const lag = ends.reduce((sum, end, partition) => sum + end - (committed[partition] ?? 0), 0);
    return { committed, metadata: found.map((commit) => commit?.metadata ?? ''), ends, lag };
  }

  /** A group as the cluster sees it. */
  async group(groupId: string): Promise<GroupDescription> {
    return (await this.#connectAdmin()).describeGroup(groupId);
  }

  /** Ends every member that still runs, and every connection. */
  async end(): Promise<void> {
    for (const member of this.#processes) member.kill();
    await Promise.all([...this.#apps].map((app) => app.close()));
    await Promise.all(this.#processes.map(({ exited }) => exited));
    await (await this.#admin)?.close();
    await this.#options.cluster.close();
    await (await this.#database)?.stop();
  }

  async #databaseConfig(): Promise<DatabaseConfig | undefined> {
    const database = await this.#database;
    return database && { url: database.url };
  }

  #connectAdmin(): Promise<DriverAdmin> {
    return (this.#admin ??= this.#openAdmin());
  }

  async #openAdmin(): Promise<DriverAdmin> {
    const admin = this.#kafka.driver.createAdmin();
    await admin.connect();
    return admin;
  }
}

/** An app of the recipe in this process. */
export interface StagedApp {
  readonly id: string;
  readonly app: INestApplication;
  readonly runtime: KafkaWorkerRuntime;
  /** As SIGTERM: drains, commits, leaves. */
  close(): Promise<void>;
}
