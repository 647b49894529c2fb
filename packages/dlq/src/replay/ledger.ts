import type { DeadLetter } from '../letters/dead-letter.js';
import type { ReplayedLetter, ReplayEvent, ReplayListener } from './events.js';
import type { PartitionNotes } from './partition-notes.js';
import { problem } from './problems.js';
import type { LetterPosition, ReplayProblem, ReplayReport, ReplayTarget, ReplayTotals } from './report.js';

type Without<P, K extends PropertyKey> = P extends unknown ? Omit<P, K> : never;

/** Counts what becomes of dead letters, gathers what went wrong, and tells the listener. */
export class Ledger {
  readonly #totals = {
    read: 0,
    matched: 0,
    alreadyReplayed: 0,
    sent: 0,
    foreign: 0,
    topicMissing: 0,
    refused: 0,
  };
  readonly #targets = new Map<string, { -readonly [K in keyof ReplayTarget]: ReplayTarget[K] }>();
  readonly #missing = new Map<string, number>();
  readonly #refused = new Map<string, { records: number; readonly first: LetterPosition; readonly error: Error }>();
  readonly #problems: ReplayProblem[] = [];

  constructor(private readonly listener: ReplayListener | undefined) {}

  get totals(): ReplayTotals {
    return this.#totals;
  }

  /** Records were looked at, or the partitions have changed. */
  read(partitions: readonly number[]): void {
    this.#tell({ type: 'read', partitions });
  }

  looked(matching: boolean, replayed: boolean): void {
    this.#totals.read++;
    if (!matching) return;
    this.#totals.matched++;
    if (replayed) this.#totals.alreadyReplayed++;
  }

  sent(letters: readonly ReplayedLetter[]): void {
    if (letters.length === 0) return;
    this.#totals.sent += letters.length;
    for (const { to } of letters) {
      const key = `${to.topic}/${to.partition ?? ''}`;
      const target = this.#targets.get(key) ?? { topic: to.topic, partition: to.partition, records: 0 };
      target.records++;
      this.#targets.set(key, target);
    }
    this.#tell({ type: 'sent', letters });
  }

  left(letter: DeadLetter, why: { reason: 'foreign' } | { reason: 'topic-missing'; topic: string }): void {
    if (why.reason === 'foreign') this.#totals.foreign++;
    else {
      this.#totals.topicMissing++;
      this.#missing.set(why.topic, (this.#missing.get(why.topic) ?? 0) + 1);
    }
    this.#tell({ type: 'left', letter, reason: why.reason });
  }

  refused(letter: DeadLetter, topic: string, error: Error): void {
    this.#totals.refused++;
    const { partition, offset } = letter;
    const entry = this.#refused.get(topic) ?? { records: 0, first: { partition, offset }, error };
    entry.records++;
    this.#refused.set(topic, entry);
    this.#tell({ type: 'left', letter, reason: 'refused' });
  }

  add(facts: Without<ReplayProblem, 'message'>): void {
    const added = problem(facts);
    this.#problems.push(added);
    this.#tell({ type: 'problem', problem: added });
  }

  /** What was sent and could not be noted until the end. */
  unnoted(notes: readonly PartitionNotes[]): void {
    const records = notes.flatMap(({ partition, unnoted }) => unnoted.map((offset) => ({ partition, offset })));
    if (records.length === 0) return;
    this.add({ type: 'not-noted', records, error: notes.find(({ unnoted }) => unnoted.length > 0)?.noteError });
  }

  /** The sums, with what is told only once at the end. */
  close(): Pick<ReplayReport, 'totals' | 'targets' | 'problems'> {
    for (const [topic, records] of this.#missing) this.add({ type: 'topic-missing', topic, records });
    for (const [topic, refused] of this.#refused) this.add({ type: 'refused', topic, ...refused });
    const targets = [...this.#targets.values()].sort(
      (a, b) => (a.topic < b.topic ? -1 : a.topic > b.topic ? 1 : 0) || (a.partition ?? -1) - (b.partition ?? -1),
    );
    return { totals: { ...this.#totals }, targets, problems: this.#problems };
  }

  #tell(event: Without<ReplayEvent, 'totals'>): void {
    try {
      this.listener?.({ ...event, totals: { ...this.#totals } } as ReplayEvent);
    } catch {
      // see ReplayListener
    }
  }
}
