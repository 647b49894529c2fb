import type { Concurrency } from '@kafka-worker/engine';
import type { MemberEvent } from './events.js';

/** A record that the broker has acknowledged. */
export interface ProducedRecord {
  readonly partition: number;
  readonly offset: number;
  readonly key: string | null;
  /** When that was, by the clock of the machine. */
  readonly at?: number;
}

/** What a ledger found. Records are named `partition/offset`. */
export interface Findings {
  readonly produced: number;
  /** Attempts begun. */
  readonly attempts: number;
  readonly failedAttempts: number;
  /** Produced and never finished. */
  readonly lost: readonly string[];
  /** Finished more than once. */
  readonly handledTwice: readonly string[];
  /** Begun anew after an earlier delivery, finished or not: retries of one delivery are no new beginnings. */
  readonly restarted: readonly string[];
  /** Begun while an earlier record of the same lane was not finished. */
  readonly outOfOrder: readonly string[];
  /** Begun while another handler of the same lane ran. */
  readonly overlaps: readonly string[];
  /** Handlers that ran at once, at most, by member. */
  readonly atOnce: Readonly<Record<string, number>>;
}

/** A member that was killed leaves attempts behind that never end. */
interface Running {
  readonly member: string;
  readonly lane: string | undefined;
}

/**
 * Checks what happened from the outside: knows what was produced and what handlers told, and nothing of the engine.
 */
export class Ledger {
  readonly produced: ProducedRecord[] = [];
  readonly events: MemberEvent[] = [];

  constructor(readonly concurrency: Concurrency) {}

  /** Records finished at least once. */
  get finished(): ReadonlySet<string> {
    return new Set(this.#handlings().flatMap((event) => (isDone(event) ? [nameOf(event)] : [])));
  }

  /** Records begun at least once. */
  get begun(): ReadonlySet<string> {
    return new Set(this.#handlings().flatMap((event) => (event.type === 'start' ? [nameOf(event)] : [])));
  }

  /** How many of the produced records were not finished yet. */
  get open(): number {
    const { finished } = this;
    return this.produced.filter((record) => !finished.has(nameOf(record))).length;
  }

  /** Goes through everything in the order of time. */
  check(): Findings {
    const order = new UnfinishedInOrder(this.produced, (record) => this.#orderedWith(record));
    const running = new Map<string, Running>();
    const lanes = new Map<string, number>();
    const atOnce: Record<string, number> = {};
    const now: Record<string, number> = {};
    const deliveries = new Map<string, number>();
    const finished = new Map<string, number>();
    const found = { restarted: [] as string[], outOfOrder: [] as string[], overlaps: [] as string[] };
    let attempts = 0;
    let failedAttempts = 0;

    const leave = (id: string): void => {
      const one = running.get(id);
      if (one === undefined) return;
      running.delete(id);
      now[one.member] = (now[one.member] ?? 0) - 1;
      if (one.lane !== undefined) lanes.set(one.lane, (lanes.get(one.lane) ?? 0) - 1);
    };

    for (const event of [...this.events].sort((a, b) => a.at - b.at)) {
      if (event.type === 'exited') {
        for (const [id, one] of running) if (one.member === event.member) leave(id);
      } else if (event.type === 'start') {
        const name = nameOf(event);
        attempts++;
        if (event.attempt === 1) deliveries.set(name, (deliveries.get(name) ?? 0) + 1);
        if (event.attempt === 1 && (deliveries.get(name) as number) > 1) found.restarted.push(name);
        if (order.isAhead(event)) found.outOfOrder.push(name);
        const lane = this.#lane(event);
        if (lane !== undefined && (lanes.get(lane) ?? 0) > 0) found.overlaps.push(name);
        if (lane !== undefined) lanes.set(lane, (lanes.get(lane) ?? 0) + 1);
        running.set(`${event.pid} ${name}`, { member: event.member, lane });
        now[event.member] = (now[event.member] ?? 0) + 1;
        atOnce[event.member] = Math.max(atOnce[event.member] ?? 0, now[event.member] as number);
      } else if (event.type === 'end') {
        leave(`${event.pid} ${nameOf(event)}`);
        if (event.outcome === 'failed') failedAttempts++;
        else {
          finished.set(nameOf(event), (finished.get(nameOf(event)) ?? 0) + 1);
          order.finish(event);
        }
      }
    }
    return {
      produced: this.produced.length,
      attempts,
      failedAttempts,
      lost: this.produced.map(nameOf).filter((name) => !finished.has(name)),
      handledTwice: [...finished].flatMap(([name, times]) => (times > 1 ? [name] : [])),
      ...found,
      atOnce,
    };
  }

  #handlings(): Extract<MemberEvent, { type: 'start' | 'end' }>[] {
    return this.events.filter((event) => event.type === 'start' || event.type === 'end');
  }

  /** Records that stand in one queue with it, as Kafka knows order: never over partitions. */
  #orderedWith({ partition, key }: Pick<ProducedRecord, 'partition' | 'key'>): string | undefined {
    if (this.concurrency === 'unordered') return undefined;
    if (this.concurrency !== 'key') return `${partition}`;
    return key === null ? undefined : `${partition} ${key}`;
  }

  /** Where at most one handler may run. A serial worker has one lane for all partitions, in each process. */
  #lane(event: Pick<ProducedRecord, 'partition' | 'key'> & { readonly member: string }): string | undefined {
    return this.concurrency === 'serial' ? event.member : this.#orderedWith(event);
  }
}

/** The produced records of each queue, and which of them is the first that is not finished. */
class UnfinishedInOrder {
  readonly #queues = new Map<string, { readonly offsets: number[]; readonly finished: Set<number>; first: number }>();

  constructor(
    records: readonly ProducedRecord[],
    readonly queueOf: (record: Pick<ProducedRecord, 'partition' | 'key'>) => string | undefined,
  ) {
    for (const record of [...records].sort((a, b) => a.offset - b.offset)) {
      const name = queueOf(record);
      if (name === undefined) continue;
      const queue = this.#queues.get(name) ?? { offsets: [], finished: new Set(), first: 0 };
      queue.offsets.push(record.offset);
      this.#queues.set(name, queue);
    }
  }

  /** True where an earlier record of its queue is not finished. */
  isAhead(record: ProducedRecord): boolean {
    const queue = this.#queues.get(this.queueOf(record) ?? '');
    const first = queue?.offsets[queue.first];
    return first !== undefined && record.offset > first;
  }

  finish(record: ProducedRecord): void {
    const queue = this.#queues.get(this.queueOf(record) ?? '');
    if (queue === undefined) return;
    queue.finished.add(record.offset);
    while (queue.first < queue.offsets.length && queue.finished.has(queue.offsets[queue.first] as number))
      queue.first++;
  }
}

/** `partition/offset`. */
export function nameOf({ partition, offset }: Pick<ProducedRecord, 'partition' | 'offset'>): string {
  return `${partition}/${offset}`;
}

function isDone(event: MemberEvent): boolean {
  return event.type === 'end' && event.outcome === 'done';
}
