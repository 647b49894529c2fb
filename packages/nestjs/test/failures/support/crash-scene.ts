import { Controller, type Type } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import {
  exactlyOnce,
  fixed,
  KafkaWorker,
  KafkaWorkerContext,
  StoreFailedError,
  transactional,
  type KafkaWorkerOptions,
} from '@kafka-worker/nestjs';
import { FakeStore } from '../../../../engine/test/support/fake-store.js';
import {
  FakeTransactionalStore,
  type FakeTransaction,
} from '../../../../engine/test/support/fake-transactional-store.js';
import type { Cost, Guarantee, Phase } from './crashes.js';
import { SOURCE } from './policies.js';
import { GROUP, Stage } from './stage.js';

/** Where the handlers of `transactional()` send to. */
const OUT = 'out';

/** What the record that is looked at does in its handler. */
type OnRecord = (effect: () => void) => Promise<void> | void;

/** One record under one guarantee, and a process that ends at a certain moment. */
export class CrashScene {
  readonly stage = new Stage();
  /** Default: the effect, and no more. */
  onRecord: OnRecord = (effect) => effect();
  /** What handlers have done outside of any transaction. */
  readonly #outside: string[] = [];
  readonly #store = new FakeTransactionalStore();
  readonly #keys = new FakeStore(this.stage.clock);

  constructor(readonly guarantee: Guarantee) {}

  /** Until when what counts has been committed, and nobody has asked for it again. Milliseconds. */
  get commitsAfterMs(): number {
    if (this.guarantee === 'atMostOnce' || this.guarantee === 'exactlyOnce') return 0;
    return this.guarantee === 'transactional' ? 100 : 1_000;
  }

  /** @returns how often the effect of the record counts, once everything that follows has happened. */
  async run({ play, survives = false }: Phase): Promise<Cost> {
    const { stage } = this;
    stage.cluster.createTopic(SOURCE);
    stage.cluster.createTopic(OUT);
    await stage.boot(this.#worker);
    await play(this);
    if (!survives) {
      await stage.killAll();
      stage.cluster.faults.clear();
      this.#store.before = () => undefined;
      this.onRecord = (effect) => effect();
      await stage.boot(this.#worker);
    }
    // longer than a transaction may stay open, and than a lease
    await stage.clock.advance(120_000);
    const { high } = stage.cluster.range(SOURCE, 0);
    const committed = stage.cluster.committed(GROUP, SOURCE, 0)?.offset;
    await stage.closeAll();
    if (committed !== high) throw new Error(`the log ends at ${high}, committed is ${committed}`);
    if (stage.clock.pending > 0) throw new Error(`${stage.clock.pending} timers are left`);
    const times = this.#effects().filter((effect) => effect === 'it').length;
    if (times > 2) throw new Error(`the effect counts ${times} times`);
    return (['lost', 'once', 'twice'] as const)[times] as Cost;
  }

  /** Writes records of one key, and lets happen what happens at once. */
  async write(...payloads: readonly string[]): Promise<void> {
    this.stage.cluster.produce(payloads.map((value) => ({ topic: SOURCE, key: 'a', value })));
    await this.stage.clock.tick();
  }

  /** What makes the effect count is stored, and nobody hears of it. */
  loseAnswer(): void {
    const { faults } = this.stage.cluster;
    if (this.guarantee === 'exactlyOnce') this.#store.answersLost = 1;
    else if (this.guarantee === 'transactional') faults.transaction({ lost: 'answer' });
    else faults.commit({ answerLost: true });
  }

  /** What would make the effect count does not arrive. */
  loseCommit(): void {
    const { faults } = this.stage.cluster;
    if (this.guarantee === 'exactlyOnce') {
      this.#store.before = (step) => {
        if (step === 'commit') throw new StoreFailedError('the connection is gone');
      };
    } else if (this.guarantee === 'transactional') faults.transaction({ lost: 'request' });
    else faults.commit({ times: Infinity });
  }

  readonly #worker = (): Type => {
    const call = (payload: string, context: KafkaWorkerContext): Promise<void> | void =>
      this.onRecord(() => this.#effect(payload, context));
    @Controller()
    class OrdersWorker {
      @KafkaWorker({
        topic: SOURCE,
        concurrency: 'key',
        retry: { attempts: 2, backoff: fixed(10) },
        ...this.#options(),
      })
      onOrder(@Payload() payload: string, @Ctx() context: KafkaWorkerContext): Promise<void> | void {
        return call(payload, context);
      }
    }
    return OrdersWorker;
  };

  #options(): Partial<KafkaWorkerOptions> {
    switch (this.guarantee) {
      case 'atLeastOnce':
        return { delivery: 'at-least-once' };
      case 'atMostOnce':
        return { delivery: 'at-most-once', retry: {} };
      case 'exactlyOnce':
        return { delivery: exactlyOnce(this.#store) };
      case 'transactional':
        return { delivery: transactional() };
      case 'idempotency':
        return { idempotency: { store: this.#keys, key: ({ value }) => value?.toString() } };
    }
  }

  #effect(payload: string, context: KafkaWorkerContext): void {
    if (this.guarantee === 'exactlyOnce') context.getTransaction<FakeTransaction>().write(payload);
    else if (this.guarantee === 'transactional') context.send({ topic: OUT, value: payload });
    else this.#outside.push(payload);
  }

  #effects(): readonly string[] {
    switch (this.guarantee) {
      case 'exactlyOnce':
        return this.#store.effects;
      case 'transactional':
        return this.stage.cluster.records(OUT).map(({ value }) => String(value));
      case 'atLeastOnce':
      case 'atMostOnce':
      case 'idempotency':
        return this.#outside;
    }
  }
}
