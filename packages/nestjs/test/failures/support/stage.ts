import type { LoggerService, Type } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import {
  decodeDoneMap,
  type DriverConsumer,
  type DriverTransactionalProducer,
  type KafkaDriver,
  type OffsetCommit,
  type OutgoingRecord,
} from '@kafka-worker/engine';
import { FakeClock, InMemoryCluster } from '@kafka-worker/testing';
import { KafkaWorkerModule, KafkaWorkerRuntime, type EngineEvent } from '@kafka-worker/nestjs';
import { KafkaWorkerGround } from '../../../src/runtime/ground.js';
import { MortalClock } from './mortal-clock.js';

export const GROUP = 'g';

const nothing = (): void => undefined;
const silent: LoggerService = { log: nothing, error: nothing, warn: nothing };

/** The whole of Nest's part as in production, in the test's time. */
class StageGround extends KafkaWorkerGround {
  override readonly needsBrokers = false;
  constructor(override readonly clock: MortalClock) {
    super();
  }
}

/** An event, and which process has told it. */
export interface Told {
  readonly process: number;
  readonly event: EngineEvent;
}

/** A Nest application that is a member of the group. */
export interface Process {
  readonly number: number;
  readonly clock: MortalClock;
  readonly moduleRef: TestingModule;
}

/** A cluster, the processes of one group on it, and time that stands still until it is moved. */
export class Stage {
  readonly clock = new FakeClock();
  readonly cluster = new InMemoryCluster({ clock: this.clock });
  readonly told: Told[] = [];
  /** Asked of every commit when it is sent. */
  onCommit: (commit: OffsetCommit) => void = nothing;
  /** Asked of everything that is sent; a throw is what the sender gets. */
  onSend: (records: readonly OutgoingRecord[]) => void = nothing;
  readonly #transactional = new Set<DriverTransactionalProducer>();
  #processes: Process[] = [];
  #boots = 0;

  /** Those that run, in the order of their boots. */
  get processes(): readonly Process[] {
    return this.#processes;
  }

  /**
   * Boots an application with a worker, and waits until it is a member.
   * @param workerOf makes its class, told the number of the process
   * @param clientId begins the ids of its members, in whose order partitions are shared out
   * @throws what the boot throws
   */
  async boot(workerOf: (process: number) => Type, clientId = 'm'): Promise<Process> {
    const number = this.#boots++;
    const clock = new MortalClock(this.clock);
    const driver = this.#watched(this.cluster.driver({ clientId: `${clientId}${number}` }));
    const moduleRef = await Test.createTestingModule({
      imports: [KafkaWorkerModule.forRoot({ driver, consumer: { groupId: GROUP } })],
      controllers: [workerOf(number)],
    })
      .overrideProvider(KafkaWorkerGround)
      .useValue(new StageGround(clock))
      .setLogger(silent)
      .compile();
    moduleRef.get(KafkaWorkerRuntime).events$.subscribe((event) => void this.told.push({ process: number, event }));
    await this.run(moduleRef.init());
    await this.clock.tick();
    const process = { number, clock, moduleRef };
    this.#processes.push(process);
    return process;
  }

  /** As SIGTERM: drains and closes. */
  async close(process: Process): Promise<void> {
    this.#processes = this.#processes.filter((other) => other !== process);
    await this.run(process.moduleRef.close());
  }

  async closeAll(): Promise<void> {
    for (const process of this.#processes) await this.close(process);
  }

  /** As SIGKILL of every process. Resolves when their sessions are over. */
  async killAll(): Promise<void> {
    for (const { clock } of this.#processes) clock.kill();
    this.#processes = [];
    for (const consumer of this.cluster.consumers(GROUP)) this.cluster.crash(consumer);
    for (const producer of this.#transactional) this.cluster.crash(producer);
    this.#transactional.clear();
    await this.clock.advance(31_000);
  }

  /** The group takes the session of its only member for over; the member joins again. */
  expireSession(): void {
    this.cluster.expireSession(this.cluster.group(GROUP).members[0]?.memberId ?? '');
  }

  /** Moves time until the promise has settled: Nest's own steps take turns of the event loop and no time. */
  async run<T>(promise: Promise<T>): Promise<T> {
    let settled = false;
    const note = (): void => void (settled = true);
    promise.then(note, note);
    for (let turns = 0; !settled && turns < 1_000; turns++) {
      await this.clock.tick();
      const next = this.clock.nextAt;
      if (!settled && next !== undefined) await this.clock.advance(next - this.clock.now());
    }
    if (!settled) throw new Error('the promise is pending, whatever time it is');
    return promise;
  }

  #watched(driver: KafkaDriver): KafkaDriver {
    return {
      ...driver,
      createTransactionalProducer: (id) => {
        const producer = driver.createTransactionalProducer?.(id) as DriverTransactionalProducer;
        this.#transactional.add(producer);
        return producer;
      },
      createConsumer: (options) => this.#watchedConsumer(driver.createConsumer(options)),
      createProducer: () => {
        const producer = driver.createProducer();
        return {
          connect: () => producer.connect(),
          send: async (records) => {
            this.onSend(records);
            return producer.send(records);
          },
          close: () => producer.close(),
        };
      },
    };
  }

  #watchedConsumer(consumer: DriverConsumer): DriverConsumer {
    return new Proxy(consumer, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value !== 'function') return value;
        if (name !== 'commit') return value.bind(target) as unknown;
        return (offsets: readonly OffsetCommit[]) => {
          for (const offset of offsets) this.onCommit(offset);
          return target.commit(offsets);
        };
      },
    });
  }
}

/** Whether a commit says that a record is settled, by its offset or by its map. */
export function covers(commit: OffsetCommit, offset: number): boolean {
  if (offset < commit.offset) return true;
  const map = decodeDoneMap(commit.metadata, commit.offset, Number.MAX_SAFE_INTEGER);
  return map.ok && map.ranges.some(({ from, to }) => from <= offset && offset < to);
}
