import {
  FakeClock,
  InMemoryCluster,
  type InMemoryClusterOptions,
  type InMemoryDriverOptions,
} from '@kafka-worker/testing';
import {
  WorkerEngine,
  type EngineEvent,
  type EngineOptions,
  type KafkaDriver,
  type PartitionSnapshot,
  type WorkerDefinition,
  type WorkerOptions,
} from '../../src/index.js';
import { decodeDoneMap } from '../../src/offsets/done-map.js';
import type { OffsetRange } from '../../src/offsets/ranges.js';
import { Calls } from './calls.js';
import { checkCommits } from './commit-checker.js';
import { letters, originOf } from './letters.js';

/** Options of {@link World.engine}. */
export interface MemberSetup extends Partial<Omit<EngineOptions, 'driver' | 'clock'>> {
  readonly options?: WorkerOptions;
  readonly workers?: readonly WorkerDefinition[];
  readonly calls?: Calls;
  readonly handle?: WorkerDefinition['handle'];
  readonly inMemory?: InMemoryDriverOptions;
  /** Changes the driver before it is used. */
  readonly driver?: (driver: KafkaDriver) => KafkaDriver;
}

/** A started engine with everything that it told. */
export interface Member {
  readonly engine: WorkerEngine;
  readonly calls: Calls;
  readonly events: EngineEvent[];
  /** Events of one type. */
  of<T extends EngineEvent['type']>(type: T): (EngineEvent & { type: T })[];
  /** A partition of topic `t`, as `inspect()` shows it. */
  partition(partition?: number): PartitionSnapshot;
  /** Numbers of the partitions of topic `t` that are held. */
  readonly held: number[];
}

/** A cluster with topic `t`, group `g`, and time that stands still. */
export class World {
  readonly clock = new FakeClock();
  readonly cluster: InMemoryCluster;
  /** What the engines committed and should not have. */
  readonly violations: string[] = [];
  /** Records that were given up on purpose. */
  readonly skipped = new Set<string>();
  /** Topics that copies go to: a record that has one there may be committed. */
  readonly forwards = new Set<string>();
  readonly #calls: Calls[] = [];

  constructor(options: InMemoryClusterOptions & { readonly partitions?: number } = {}) {
    this.cluster = new InMemoryCluster({ clock: this.clock, ...options });
    this.cluster.createTopic('t', options.partitions ?? 1);
  }

  /** An engine with one worker on topic `t`, not started. */
  make(setup: MemberSetup = {}): Member {
    const { options = {}, workers, handle, calls = new Calls(), inMemory, driver, ...engineOptions } = setup;
    this.#calls.push(calls);
    const plain = this.cluster.driver(inMemory);
    const checked = checkCommits(driver?.(plain) ?? plain, this.cluster, this.#isSettled, this.violations);
    const engine = new WorkerEngine({ driver: checked, clock: this.clock, ...engineOptions });
    const one = { id: 'w', groupId: 'g', topics: ['t'], options, handle: handle ?? calls.handle };
    for (const worker of workers ?? [one]) engine.add(worker);
    const events: EngineEvent[] = [];
    engine.on((event) => {
      events.push(event);
      if (event.type === 'record.settled' && event.disposition === 'skipped') {
        this.skipped.add(`${event.topic}/${event.partition}/${event.offset}`);
      }
    });
    const partitions = (): PartitionSnapshot[] =>
      engine.inspect().groups.flatMap((group) => group.partitions.filter((p) => p.topic === 't'));
    return {
      engine,
      calls,
      events,
      of: <T extends EngineEvent['type']>(type: T) =>
        events.filter((event): event is EngineEvent & { type: T } => event.type === type),
      partition: (partition = 0) => {
        const found = partitions().find((p) => p.partition === partition);
        if (found === undefined) throw new Error(`t/${partition} is not held`);
        return found;
      },
      get held() {
        return partitions()
          .map((p) => p.partition)
          .sort((x, y) => x - y);
      },
    };
  }

  /** As `make`, started and a member. */
  async engine(setup: MemberSetup = {}): Promise<Member> {
    const member = this.make(setup);
    const started = member.engine.start();
    started.catch(() => undefined);
    await this.clock.tick();
    return member;
  }

  /** Appends a record for each key; a number is a partition's count of records without key. */
  produce(keys: readonly (string | null)[] | number, partition = 0, topic = 't'): void {
    const list = typeof keys === 'number' ? Array.from({ length: keys }, () => null) : keys;
    this.cluster.produce(list.map((key) => ({ topic, partition, key, value: 'v' })));
  }

  /** Offset and done-set that the group has stored. */
  stored(partition = 0, groupId = 'g', topic = 't'): { offset: number; done: readonly OffsetRange[] } | undefined {
    const stored = this.cluster.committed(groupId, topic, partition);
    if (stored === undefined) return undefined;
    const map = decodeDoneMap(stored.metadata, stored.offset, Number.MAX_SAFE_INTEGER);
    if (!map.ok) throw new Error(map.reason);
    return { offset: stored.offset, done: map.ranges };
  }

  /** Drains to the end, whatever time it takes. */
  async drain(...members: Member[]): Promise<void> {
    await this.clock.runUntil(Promise.all(members.map((member) => member.engine.drain())));
  }

  readonly #isSettled = (topic: string, partition: number, offset: number): boolean => {
    const name = `${topic}/${partition}/${offset}`;
    if (this.skipped.has(name) || this.#calls.some((calls) => calls.handled.has(name))) return true;
    return [...this.forwards].some((to) => letters(this.cluster, to).some((letter) => originOf(letter) === name));
  };
}
