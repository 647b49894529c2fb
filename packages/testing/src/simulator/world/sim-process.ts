import { type Delivery, type EngineEvent, WorkerEngine } from '@kafka-worker/engine';
import type { InMemoryConsumer } from '../../client/consumer.js';
import type { InMemoryCluster } from '../../cluster.js';
import type { Decisions } from '../decisions.js';
import { keyOf, numberOf } from '../model/names.js';
import type { ModelCall } from '../model/model-call.js';
import type { AttemptEnd } from '../model/policy-rule.js';
import { type ModelWorld, ProcessModel } from '../model/process-model.js';
import { checkStep } from '../model/step-check.js';
import { groupName, OUTPUTS, topicName, workerName, type WorkerSpec } from '../scenario/scenario.js';
import { ClientWatch } from './client-watch.js';
import { describeEvent, describePlan } from './describe.js';
import { actHandler, type HandlerEnd, planHandler } from './handler.js';
import type { History } from './history.js';
import { ProcessClock } from './process-clock.js';
import type { SimClock } from './sim-clock.js';
import { watchDriver } from './watched-driver.js';
import { type SimDatabase, SimStore, type SimStoreSite, type SimTransaction } from './sim-store.js';
import { optionsOf } from './worker-options.js';

/** What a process runs in. */
export interface ProcessWorld extends ModelWorld {
  readonly clock: SimClock;
  readonly cluster: InMemoryCluster;
  readonly decisions: Decisions;
  readonly database: SimDatabase;
  readonly history: History;
  /** True from the end of the script on: no handler fails or is slow any more. */
  readonly calm: boolean;
  /** Something was done to the cluster that may cost any process its membership. */
  readonly membershipsAreInDoubt: boolean;
  /** How often a handler was started for a record of a group, this start included. */
  countStart(key: string): number;
}

/**
 * started  running, as far as it knows
 * draining told to end
 * stopped  ended by itself
 * killed   as by `kill -9`
 */
export type ProcessState = 'started' | 'draining' | 'stopped' | 'killed';

/** One process: an engine with its workers, its client, and the model that watches both. */
export class SimProcess {
  readonly model: ProcessModel;
  readonly engine: WorkerEngine;
  state: ProcessState = 'started';
  /** Cut off from the cluster: no heartbeats, requests wait. */
  cutOff = false;
  /** Something was done to it that may cost it its membership. */
  mayBeExpelled = false;
  /** Transactions of the store under way. */
  storeCalls = 0;
  /** Its client gave up. */
  crashed = false;
  readonly #engineClock: ProcessClock;
  readonly #handlerClock: ProcessClock;
  readonly #client = new ClientWatch(this);

  constructor(
    readonly name: string,
    readonly world: ProcessWorld,
  ) {
    const { scenario, clock, cluster } = world;
    const { engine: spec, cluster: setup } = scenario;
    this.model = new ProcessModel(name, world);
    this.#engineClock = new ProcessClock(clock);
    this.#handlerClock = new ProcessClock(clock);
    const driver = cluster.driver({
      clientId: name,
      incrementalRebalance: setup.incremental,
      heartbeatsDuringRevoke: setup.heartbeatsDuringRevoke,
    });
    this.engine = new WorkerEngine({
      driver: watchDriver(driver, this.#client),
      clock: this.#engineClock,
      ...(spec.maxConcurrency === undefined ? {} : { maxConcurrency: spec.maxConcurrency }),
      rebalance: { strategy: spec.strategy, ...(spec.drainMs === undefined ? {} : { timeoutMs: spec.drainMs }) },
      shutdown: { graceMs: spec.graceMs, forceMs: spec.forceMs },
      sessionTimeoutMs: setup.sessionTimeoutMs,
      rebalanceTimeoutMs: setup.rebalanceTimeoutMs,
    });
    const store = new SimStore(world.database, this.#storeSite(), world.decisions, setup.latencyMs);
    scenario.workers.forEach((worker, index) =>
      this.engine.add({
        id: workerName(index),
        groupId: groupName(worker.group),
        topics: [topicName(worker.topic)],
        options: optionsOf(worker, store),
        handle: (delivery) => this.#handle(worker, delivery),
      }),
    );
    this.engine.on((event) => this.#heard(event));
  }

  get alive(): boolean {
    return this.state === 'started' || this.state === 'draining';
  }

  start(): void {
    this.world.history.note(this.name, () => 'starts');
    this.engine.start().catch((error: unknown) => {
      this.world.history.note(this.name, () => `start failed: ${String(error)}`);
      if (this.state === 'started') this.crashed = true;
    });
  }

  /** SIGTERM. Resolves when it has ended. */
  async drain(): Promise<void> {
    if (this.state !== 'started') return;
    this.world.history.note(this.name, () => 'drains for its end');
    this.state = 'draining';
    await this.engine.drain();
    this.state = 'stopped';
    this.world.history.note(this.name, () => 'has ended');
  }

  /** `kill -9`. */
  kill(): void {
    this.world.history.note(this.name, () => 'is killed');
    this.state = 'killed';
    this.#engineClock.kill();
    this.#handlerClock.kill();
    for (const consumer of this.#openConsumers()) this.world.cluster.crash(consumer);
    for (const producer of this.#client.openProducers()) this.world.cluster.crash(producer);
    for (const partition of this.model.held.values()) partition.dead = true;
  }

  setCutOff(cutOff: boolean): void {
    this.world.history.note(this.name, () => (cutOff ? 'is cut off' : 'is back'));
    this.cutOff = cutOff;
    this.mayBeExpelled = true;
    for (const consumer of this.#openConsumers()) {
      if (cutOff) this.world.cluster.suspend(consumer);
      else this.world.cluster.wake(consumer);
    }
    for (const producer of this.#client.openProducers()) {
      if (cutOff) this.world.cluster.suspend(producer);
      else this.world.cluster.wake(producer);
    }
  }

  /** Its sessions are over, though it is alive. */
  expire(): void {
    this.world.history.note(this.name, () => 'its session is over');
    this.mayBeExpelled = true;
    for (const { memberId } of this.#openConsumers()) if (memberId !== '') this.world.cluster.expireSession(memberId);
  }

  dropConnections(lost: 'requests' | 'answers', reconnectAfterMs: number): void {
    this.world.history.note(this.name, () => 'its connections drop');
    this.mayBeExpelled = true;
    for (const consumer of this.#openConsumers()) {
      this.world.cluster.faults.dropConnection(consumer, { lost, reconnectAfterMs });
    }
    for (const producer of this.#client.openProducers()) {
      this.world.cluster.faults.dropConnection(producer, { lost, reconnectAfterMs });
    }
  }

  /** True while the group takes it for a member that can be reached. */
  believed(group: number): boolean {
    const consumer = this.#client.consumers.get(group);
    if (!this.alive || this.cutOff || consumer === undefined || consumer.memberId === '') return false;
    return this.world.cluster.group(groupName(group)).members.some(({ memberId }) => memberId === consumer.memberId);
  }

  /** Looks at everything, between two steps. */
  check(): void {
    if (this.state === 'stopped') {
      const { violations } = this.world;
      violations.expect(
        this.#engineClock.pending === 0,
        'leak',
        () => `${this.name} has ended and ${this.#engineClock.pending} timers are set`,
      );
      violations.expect(this.#openConsumers().length === 0, 'leak', () => `${this.name} has ended and its client runs`);
    }
    if (this.alive && !this.crashed) checkStep(this.model, this.engine.inspect());
  }

  #openConsumers(): InMemoryConsumer[] {
    const open = new Set(this.world.cluster.consumers());
    return [...this.#client.consumers.values()].filter((consumer) => open.has(consumer));
  }

  // ---------------------------------------------------------------- handlers

  #handle(worker: WorkerSpec, delivery: Delivery): unknown {
    if (!this.alive) return new Promise(() => undefined);
    const { topic, partition, offset } = delivery.record;
    const group = numberOf(delivery.groupId);
    const key = `${keyOf(group, numberOf(topic), partition)}/${offset}`;
    const nth = this.world.countStart(key);
    const { scenario, decisions, calm } = this.world;
    const held = this.model.find(group, numberOf(topic), partition);
    const call = this.model.started(held, offset, delivery.attempt, delivery.signal);
    this.world.violations.expect(
      delivery.record.value !== null,
      'no-loss',
      () => `${this.name} handles ${key} without its value`,
    );
    const plan = planHandler(decisions, calm ? CALM : scenario.handlers, worker, [key], nth);
    const what = `${topic}/${partition} ${offset} of ${delivery.groupId}`;
    this.world.history.note(this.name, () => `handles ${what}, attempt ${delivery.attempt}: ${describePlan(plan)}`);
    const commits = (made: ModelCall): void => this.#commits(worker, made);
    const ended = (end: AttemptEnd): void => {
      this.world.history.note(
        this.name,
        () => `through with ${what}: ${end}${delivery.signal.aborted ? ', aborted' : ''}`,
      );
      if (call !== undefined) this.model.ended(call, end);
    };
    return actHandler(plan, delivery, this.#handlerClock, call, {
      commits,
      ended: (end) => this.#takesEffect(worker, delivery, key, end, ended),
    });
  }

  /** What its handler does to the world; with a store the attempt ends when its transaction does. */
  #takesEffect(
    worker: WorkerSpec,
    delivery: Delivery,
    effect: string,
    end: HandlerEnd,
    ended: (end: AttemptEnd) => void,
  ): void {
    if (worker.delivery === 'transactional') {
      try {
        delivery.send({ topic: OUTPUTS, key: effect, value: effect });
      } catch {
        // it was given up: what it sends is in no transaction
      }
    }
    if (worker.delivery !== 'exactly-once') return ended(end);
    const transaction = delivery.transaction as SimTransaction;
    transaction.effects.push(effect);
    if (end === 'ok') transaction.ended = ended;
    else ended(end);
  }

  #storeSite(): SimStoreSite {
    const isAlive = (): boolean => this.alive;
    return {
      get alive() {
        return isAlive();
      },
      sleep: (ms) => this.#handlerClock.sleep(ms),
      claimed: (partition, position) => this.#client.claimed(partition, position),
      transacting: (by) => (this.storeCalls += by),
    };
  }

  /** By its own word the record is done: a commit may pass it. */
  #commits(worker: WorkerSpec, { partition, held, givenUp }: ModelCall): void {
    if (partition.dead || givenUp || worker.commit === 'none') return;
    if ((worker.delivery ?? 'at-least-once') !== 'at-least-once') return;
    held.released = true;
    this.world.groups.settled(keyOf(partition.group, partition.topic, partition.partition), held.record.offset, 'word');
  }

  #heard(event: EngineEvent): void {
    if (!this.alive) return;
    this.world.history.note(this.name, () => `tells ${describeEvent(event)}`);
    this.model.heard(event);
    if (event.type === 'claim.renewed') this.#client.renewed(event.groupId, event.topic, event.partition, event.offset);
    if (event.type === 'sought') {
      this.model.sought(numberOf(event.groupId), numberOf(event.topic), event.partition, event.offset);
    } else if (event.type === 'group.lost') {
      this.world.violations.expect(
        this.mayBeExpelled || this.world.membershipsAreInDoubt || this.#client.hasMissedOne(numberOf(event.groupId)),
        'liveness',
        () => `${this.name} has lost its membership, and nothing was done to it`,
      );
    }
  }
}

/** After the script every handler does its work, at once. */
const CALM = {
  maxMs: 5,
  sync: 0.2,
  micro: 0.4,
  fails: 0,
  poison: 0,
  steers: 0,
  deaf: 0,
  hangs: 0,
  commits: 0,
} as const;
