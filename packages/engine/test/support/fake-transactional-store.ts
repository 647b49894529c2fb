import {
  StoreFailedError,
  StoreFencedError,
  type OffsetRange,
  type PartitionClaim,
  type StorePartition,
  type StorePosition,
  type TransactionalStore,
} from '../../src/index.js';
import { appendRange } from '../../src/offsets/ranges.js';

/** What a store is asked for; `commit` stands between the work of a transaction and its end. */
export type StoreStep = 'open' | 'claim' | 'begin' | 'commit' | 'advance';

/** What a handler gets. Nothing of it counts before the transaction is committed. */
export class FakeTransaction {
  readonly writes: string[] = [];
  over = false;

  write(text: string): void {
    if (this.over) throw new Error('the transaction is over');
    this.writes.push(text);
  }
}

interface Row {
  epoch: number;
  next: number | undefined;
  readonly done: Set<number>;
}

/** A database in memory that fences as the contract says, and goes wrong on demand. */
export class FakeTransactionalStore implements TransactionalStore<FakeTransaction> {
  readonly name = 'fake';
  /** What was committed, in order. */
  readonly effects: string[] = [];
  /** Every step that was asked for. */
  readonly steps: StoreStep[] = [];
  /** What holds a step up, or makes it fail. Asked before anything changes. */
  before: (step: StoreStep, where: StorePartition & { readonly offset?: number }) => Promise<void> | void = () =>
    undefined;
  /** So many commits count, and nobody hears of it. */
  answersLost = 0;
  closed = false;
  readonly #rows = new Map<string, Row>();

  async open(): Promise<void> {
    await this.#step('open', { groupId: '', topic: '', partition: -1 });
  }

  async claim(partition: StorePartition): Promise<PartitionClaim<FakeTransaction>> {
    await this.#step('claim', partition);
    const row = this.#row(partition);
    const epoch = ++row.epoch;
    const own = (): void => {
      if (row.epoch !== epoch) throw new StoreFencedError(`epoch ${epoch} is over`);
    };
    return {
      position: this.position(partition),
      transact: async (offset, work) => {
        await this.#step('begin', { ...partition, offset });
        own();
        const transaction = new FakeTransaction();
        try {
          await work(transaction);
          await this.#step('commit', { ...partition, offset });
          own();
        } finally {
          transaction.over = true;
        }
        if (row.done.has(offset) || offset < (row.next ?? 0)) return 'already';
        row.done.add(offset);
        this.effects.push(...transaction.writes);
        if (this.answersLost-- > 0) throw new StoreFailedError('the answer to the commit was lost');
        this.answersLost = Math.max(0, this.answersLost);
        return 'done';
      },
      advance: async (offset) => {
        await this.#step('advance', { ...partition, offset });
        own();
        row.next = Math.max(row.next ?? 0, offset);
        for (const done of row.done) if (done < row.next) row.done.delete(done);
      },
    };
  }

  async close(): Promise<void> {
    this.closed = true;
  }

  /** What the store says of a partition: where nothing was said of what lies below, everything from 0 on is open. */
  position(partition: StorePartition): StorePosition | undefined {
    const { next, done } = this.#row(partition);
    if (next === undefined && done.size === 0) return undefined;
    const ranges: OffsetRange[] = [];
    for (const offset of [...done].sort((a, b) => a - b)) appendRange(ranges, offset, offset + 1);
    return { offset: next ?? 0, done: ranges };
  }

  async #step(step: StoreStep, where: StorePartition & { readonly offset?: number }): Promise<void> {
    this.steps.push(step);
    await this.before(step, where);
  }

  #row({ groupId, topic, partition }: StorePartition): Row {
    const key = `${groupId}/${topic}/${partition}`;
    const row = this.#rows.get(key) ?? { epoch: 0, next: undefined, done: new Set() };
    this.#rows.set(key, row);
    return row;
  }
}
