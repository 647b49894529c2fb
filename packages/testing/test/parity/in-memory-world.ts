import type { OffsetCommit } from '@kafka-worker/engine';
import { FakeClock } from '../../src/index.js';
import { Connection } from '../../src/client/connection.js';
import { ClusterCore } from '../../src/cluster-core.js';
import { appendAll } from '../../src/log/append.js';
import { Scheduler } from '../../src/scheduler.js';
import type { JoinOptions, Joined, Shares, Wire, WireTransaction, World, Written } from './world.js';

/** The in-memory cluster without its clients. Time passes where a case says so, and as far as requests need it. */
export class InMemoryWorld implements World {
  readonly clock = new FakeClock();
  readonly core = new ClusterCore(
    new Scheduler(this.clock, 0),
    {
      sessionTimeoutMs: 10_000,
      rebalanceTimeoutMs: 10_000,
      heartbeatIntervalMs: 0,
      initialRebalanceDelayMs: 0,
      fetchMaxRecords: 500,
      autoCreateTopics: false,
      transactionTimeoutMs: 60_000,
    },
    1,
    100,
  );
  #names = 0;

  name(prefix: string): string {
    return `${prefix}-${++this.#names}`;
  }

  async createTopic(partitions: number): Promise<string> {
    return this.core.topics.create(this.name('topic'), partitions).name;
  }

  async connect(): Promise<Wire> {
    return new InMemoryWire(this);
  }

  async state(groupId: string): Promise<string> {
    return this.core.describeGroup(groupId).state;
  }

  async committed(groupId: string, topic: string, partition: number): ReturnType<World['committed']> {
    const stored = this.core.group(groupId).offsets.get({ topic, partition });
    return stored && stored.offset >= 0 ? stored : undefined;
  }

  async produceByKey(topic: string, keys: readonly string[]): Promise<number[]> {
    return this.#append(keys.map((key) => ({ topic, key, value: '' })));
  }

  async produce(topic: string, partition: number, records: readonly Written[]): Promise<void> {
    this.#append(records.map(({ key = null, value = '' }) => ({ topic, partition, key, value })));
  }

  async begin(transactionalId: string, timeoutMs?: number): Promise<WireTransaction> {
    const id = this.core.transactions.of(transactionalId);
    const epoch = await this.#meanwhile(id.init(timeoutMs));
    const open = () => this.#meanwhile(id.under(epoch, 1));
    return {
      produce: async (topic, partition, records) => {
        const list = records.map(({ key = null, value = '' }) => ({ topic, partition, key, value }));
        (await open()).produce(list);
      },
      commitOffsets: async (groupId, offsets) => (await open()).commitOffsets(groupId, offsets),
      commit: async () => id.end(epoch, 1, 'committed'),
      abort: async () => id.end(epoch, 1, 'aborted'),
    };
  }

  async read(topic: string, partition: number, from: number, uncommitted = false): Promise<number[]> {
    const log = this.core.topics.log({ topic, partition });
    if (from < log.low || from > log.high)
      throw Object.assign(new Error('out of range'), { type: 'OFFSET_OUT_OF_RANGE' });
    const records = log.read(from, Infinity, uncommitted ? 'read-uncommitted' : 'read-committed');
    return records.map(({ offset }) => offset);
  }

  async range(topic: string, partition: number): Promise<{ low: number; high: number }> {
    const { low, high } = this.core.topics.log({ topic, partition });
    return { low, high };
  }

  async deleteRecordsBefore(topic: string, partition: number, offset: number): Promise<void> {
    this.core.topics.log({ topic, partition }).deleteBefore(offset);
  }

  async compact(topic: string, partition: number): Promise<void> {
    this.core.topics.log({ topic, partition }).compact(true);
    await this.produce(topic, partition, [{ key: 'newest segment' }]);
  }

  pass(ms: number): Promise<void> {
    return this.clock.advance(ms);
  }

  async until(what: string, condition: () => Promise<boolean> | boolean): Promise<void> {
    for (let ms = 0; ms < 30_000; ms += 50) {
      await this.clock.tick();
      if (await condition()) return;
      await this.clock.advance(50);
    }
    throw new Error(`not within 30 s: ${what}`);
  }

  async close(): Promise<void> {
    // Holds nothing.
  }

  /** Lets messages arrive that the answer waits for. */
  #meanwhile<T>(answer: Promise<T>): Promise<T> {
    void this.clock.tick();
    return answer;
  }

  #append(records: Parameters<typeof appendAll>[2]): number[] {
    return appendAll(this.core.topics, this.core.partitioner, records, this.clock.now()).map(
      ({ partition }) => partition,
    );
  }
}

class InMemoryWire implements Wire {
  readonly #connection: Connection;

  constructor(private readonly world: InMemoryWorld) {
    this.#connection = new Connection(world.core.nameClient('parity', 'consumer'), world.core.scheduler);
  }

  async join({ groupId, memberId, topic, protocol, ...timeouts }: JoinOptions): Promise<Joined> {
    const group = this.world.core.group(groupId);
    const id = memberId ?? (await this.#ask(() => group.allocateMemberId('parity')));
    const answer = await this.#ask(() => {
      const joined = group.join({
        memberId: id,
        clientId: 'parity',
        protocols: [protocol],
        topics: [topic],
        owned: [],
        ...timeouts,
        notify: () => undefined,
      });
      // Heard of by its requests only.
      group.silent(id, 'suspended');
      return joined;
    });
    return { memberId: id, generation: answer.generation, leaderId: answer.leaderId };
  }

  async sync(
    groupId: string,
    memberId: string,
    generation: number,
    topic: string,
    shares?: Shares,
  ): Promise<readonly number[]> {
    const assignment =
      shares &&
      new Map(Object.entries(shares).map(([id, list]) => [id, list.map((partition) => ({ topic, partition }))]));
    const mine = await this.#ask(() => this.world.core.group(groupId).sync(memberId, generation, assignment));
    return mine.map(({ partition }) => partition);
  }

  heartbeat(groupId: string, memberId: string, generation: number): Promise<void> {
    return this.#ask(() => orThrow(this.world.core.group(groupId).heartbeat(memberId, generation)));
  }

  commit(groupId: string, memberId: string, generation: number, offsets: readonly OffsetCommit[]): Promise<void> {
    return this.#ask(() => this.world.core.commit({ groupId, memberId, generation, offsets }));
  }

  leave(groupId: string, memberId: string): Promise<void> {
    return this.#ask(() => this.world.core.group(groupId).leave(memberId));
  }

  #ask<T>(handle: () => T | Promise<T>): Promise<T> {
    const answer = this.#connection.request(handle);
    void this.world.clock.tick();
    return answer;
  }
}

function orThrow(refusal: Error | undefined): void {
  if (refusal) throw refusal;
}
