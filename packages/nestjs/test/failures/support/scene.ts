import { Controller, type Type } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import {
  ConfigurationError,
  fixed,
  KafkaWorker,
  KafkaWorkerContext,
  ORIGIN_HEADERS,
  type KafkaRecord,
} from '@kafka-worker/nestjs';
import type { Failure, Play } from './failures.js';
import { nameOf, type Outcome, type OutcomeName } from './outcomes.js';
import { DEAD, policyOf, RETRY, SOURCE, type PolicyName } from './policies.js';
import { covers, GROUP, Stage } from './stage.js';

/** What was written to partition 0 of the source, in this order: the offset is the place in the list. */
const WRITTEN = ['early', 'bad', 'next', 'other'] as const;
const KEYS: Readonly<Record<string, string>> = { early: 'z', bad: 'a', next: 'a', other: 'b', elsewhere: 'c' };
const BAD = WRITTEN.indexOf('bad');

/** Long enough for everything that may happen to a record. Milliseconds. */
const LONG_MS = 60_000;

/** A record on its way through a handler, or past it. */
interface Step {
  readonly process: number;
  readonly topic: string;
  readonly offset: number;
  readonly attempt: number;
  readonly payload: string;
}

/** How a cell came out. */
export interface Played {
  readonly attempts: string;
  readonly seen: Outcome;
  /** Undefined: nothing of that kind ought to be. */
  readonly name: OutcomeName | undefined;
  /** What broke a promise, whatever the cell expects. */
  readonly violations: readonly string[];
}

/** One failure under one policy: what is played, and what is seen of it. */
export class Scene {
  readonly stage = new Stage();
  /** True: nothing fails any more. */
  mended = false;
  readonly #violations: string[] = [];
  /** Calls of the handler, in order. */
  readonly #calls: Step[] = [];
  /** Payloads that a handler has got through with. */
  readonly #handled = new Set<string>();
  readonly #play: Play;
  /** Events and calls of the first life end here. */
  #restarted = { events: Infinity, calls: Infinity };

  constructor(
    failure: Failure,
    readonly policy: PolicyName,
  ) {
    this.#play = failure.play(this);
  }

  /** Whether this payload is one that has to fail now. */
  fails(payload: unknown): boolean {
    return payload === 'bad' && !this.mended;
  }

  async run(): Promise<Played> {
    const { stage } = this;
    stage.onCommit = (commit) => this.#check(commit);
    stage.cluster.createTopic(SOURCE, 2);
    if (!this.#play.topicsMissing) this.#createForwardTopics();
    const started = await this.#start();
    if (started) await this.#firstLife();
    else this.#write('bad', 'next', 'other');
    const before = { offset: stage.cluster.committed(GROUP, SOURCE, 0)?.offset ?? 0, handled: new Set(this.#handled) };
    const record = this.#ends();
    const attempts = this.#attempts();
    if (record.includes('done') && !this.#play.isDone) this.#violations.push('a failure is done');
    const deadLetters = started ? this.#copies(DEAD).length : 0;
    await this.#restart();
    const seen: Outcome = {
      record,
      deadLetters,
      offset: before.offset > BAD ? 'passes it' : 'stands at it',
      sameKey: before.handled.has('next') ? 'go on' : 'wait',
      otherKeys: before.handled.has('other') ? 'go on' : 'wait',
      restart: this.#calls.slice(this.#restarted.calls).some(({ payload }) => payload === 'bad')
        ? 'comes again'
        : 'does not come',
    };
    if (started && !before.handled.has('elsewhere')) this.#violations.push('another partition waits');
    await this.#close();
    return { attempts, seen, name: nameOf(seen), violations: this.#violations };
  }

  /** A worker for the source; its class is its process's own. */
  readonly worker = (process: number): Type => {
    const { handle, decorate, options } = this.#play;
    const onFailure = policyOf(this.policy, this.#play.budget);
    const call = (payload: string, context: KafkaWorkerContext): unknown =>
      this.#call(process, payload, context, handle);
    @Controller()
    class OrdersWorker {
      @KafkaWorker({
        topic: SOURCE,
        concurrency: 'key',
        retry: { attempts: 3, backoff: fixed(1_000) },
        onFailure,
        ...options,
      })
      onOrder(@Payload() payload: string, @Ctx() context: KafkaWorkerContext): unknown {
        return call(payload, context);
      }
    }
    const descriptor = Object.getOwnPropertyDescriptor(OrdersWorker.prototype, 'onOrder') as PropertyDescriptor;
    decorate?.(OrdersWorker.prototype, 'onOrder', descriptor);
    return OrdersWorker;
  };

  /** Another record of another partition fails before: its dead letter is the only one that the budget allows. */
  async spendBudget(): Promise<void> {
    this.#write('bad before');
    await this.stage.clock.advance(20_000);
  }

  /** Writes the record that fails. */
  #write(...payloads: readonly string[]): void {
    this.stage.cluster.produce(
      payloads.map((value) => ({
        topic: SOURCE,
        partition: value === 'elsewhere' || value === 'bad before' ? 1 : 0,
        key: KEYS[value] ?? null,
        value,
      })),
    );
  }

  #createForwardTopics(): void {
    for (const topic of [DEAD, RETRY]) this.stage.cluster.createTopic(topic, 2);
  }

  /** @returns false where the boot was refused, as it had to be. */
  async #start(): Promise<boolean> {
    this.#write('early');
    try {
      await this.stage.boot(this.worker);
    } catch (error) {
      if (!this.#play.topicsMissing || !(error instanceof ConfigurationError)) throw error;
      return false;
    }
    await this.stage.clock.advance(2_000); // its commit is through
    return true;
  }

  async #firstLife(): Promise<void> {
    const { stage } = this;
    await this.#play.before?.();
    this.#write('bad');
    await stage.clock.tick();
    await this.#play.after?.();
    await stage.clock.advance(this.#play.forMs ?? LONG_MS);
    this.#write('next', 'other', 'elsewhere');
    await stage.clock.advance(5_000);
  }

  /** A new process whose handler fails no more: whatever was left has to be handled, and all of it committed. */
  async #restart(): Promise<void> {
    const { stage } = this;
    if (this.#play.restart === 'kill') {
      await stage.killAll();
      stage.cluster.faults.clear();
    } else {
      stage.cluster.faults.clear();
      await stage.closeAll();
    }
    this.mended = true;
    stage.onSend = () => undefined;
    this.#createForwardTopics();
    this.#restarted = { events: stage.told.length, calls: this.#calls.length };
    await stage.boot(this.worker);
    await stage.clock.advance(LONG_MS);
  }

  async #close(): Promise<void> {
    const { stage } = this;
    for (const topic of [SOURCE, RETRY]) {
      for (const partition of [0, 1]) {
        const { low, high } = stage.cluster.range(topic, partition);
        const committed = stage.cluster.committed(GROUP, topic, partition)?.offset ?? low;
        if (committed !== high)
          this.#violations.push(`${topic}/${partition} ends at ${high}, committed is ${committed}`);
      }
    }
    for (const payload of WRITTEN) {
      const isGone = payload === 'bad' && this.#ends().some((end) => end === 'skipped' || end === 'dead-lettered');
      if (!this.#handled.has(payload) && !isGone) this.#violations.push(`'${payload}' was lost`);
    }
    await stage.closeAll();
    await stage.clock.tick();
    if (stage.clock.pending > 0) this.#violations.push(`${stage.clock.pending} timers are left`);
  }

  #call(process: number, payload: string, context: KafkaWorkerContext, handle: Play['handle']): unknown {
    const at = { process, topic: context.getTopic(), offset: context.getOffset(), attempt: context.getAttempt() };
    this.#calls.push({ ...at, payload });
    if (payload === 'bad') {
      const overtaken = this.#calls.some(
        (other) => other.process === process && other.payload === 'next' && at.topic === SOURCE,
      );
      if (overtaken && !this.#play.hasNoLane) this.#violations.push("a record of its key was handled before 'bad'");
    }
    if (payload === 'bad before' && !this.mended) throw new Error('no');
    const fails = this.fails(payload) && handle !== undefined;
    if (!fails || this.#play.isDone) this.#handled.add(payload);
    return fails ? handle(context) : undefined;
  }

  /** The rules that hold for every commit, whatever is expected of the cell. */
  #check(commit: Parameters<typeof covers>[0]): void {
    if (commit.topic !== SOURCE || commit.partition !== 0 || !covers(commit, BAD)) return;
    const wrong = (what: string): void => void this.#violations.push(`commit of ${commit.offset}: ${what}`);
    const ends = this.#ends(Infinity).filter((end) => !end.startsWith('frozen'));
    if (ends.length === 0) return wrong("'bad' is not settled");
    if (ends[0] === 'dead-lettered' && this.#copies(DEAD).length === 0) wrong('its dead letter is not there');
    if (ends[0] === 'retried-later' && this.#copies(RETRY).length === 0) wrong('its copy is not there');
  }

  /** What the engines of the first life have said of the record, but for those that had to let go of it. */
  #ends(until = this.#restarted.events): string[] {
    return this.stage.told.slice(0, until).flatMap(({ event }) => {
      if (event.type !== 'record.settled' && event.type !== 'frozen') return [];
      if (!this.#isBad(event)) return [];
      if (event.type === 'frozen') {
        const { scope, unfreezeInMs } = event;
        return [`frozen (${scope})${unfreezeInMs === undefined ? '' : `, for ${unfreezeInMs / 1_000} s`}`];
      }
      return event.disposition === 'abandoned' ? [] : [event.disposition];
    });
  }

  /** Attempts of each time that a process had the record, in order: `1 + 3`. */
  #attempts(): string {
    const most = new Map<string, number>();
    const ended = new Map<string, number>();
    const note = ({ process, topic, offset, attempt }: Omit<Step, 'payload'>): void => {
      const record = `${process} ${topic}@${offset}`;
      const key = `${record} ${ended.get(record) ?? 0}`;
      most.set(key, Math.max(most.get(key) ?? 0, attempt));
    };
    for (const { process, event } of this.stage.told) {
      if (!('offset' in event) || !('attempt' in event) || !this.#isBad(event)) continue;
      if (event.type === 'record.failed') note({ process, ...event });
      if (event.type === 'record.settled' && event.disposition === 'done') note({ process, ...event });
      if (event.type !== 'record.settled' && event.type !== 'frozen') continue;
      const record = `${process} ${event.topic}@${event.offset}`;
      ended.set(record, (ended.get(record) ?? 0) + 1);
    }
    // one that does not end has told nothing yet
    if (most.size === 0) for (const call of this.#calls) if (call.payload === 'bad') note(call);
    return [...most.values()].join(' + ');
  }

  /** Told of the record itself, or of its copy in the retry topic. */
  #isBad({ topic, partition, offset }: { topic: string; partition: number; offset: number }): boolean {
    if (topic === SOURCE) return partition === 0 && offset === BAD;
    return this.#copies(RETRY).some((copy) => copy.partition === partition && copy.offset === offset);
  }

  #copies(topic: string): KafkaRecord[] {
    const says = ({ headers }: KafkaRecord, name: string, value: number): boolean =>
      String(headers[name]) === String(value);
    return this.stage.cluster
      .records(topic)
      .filter((copy) => says(copy, ORIGIN_HEADERS.partition, 0) && says(copy, ORIGIN_HEADERS.offset, BAD));
  }
}
