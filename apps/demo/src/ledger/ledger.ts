import { TopicLedger, type PartitionEnds, type TopicTotals } from './topic-ledger.js';
import type { OrderRule, WorkEntry } from './work-entry.js';

/** What a run comes to. */
export interface Verdict {
  readonly topics: readonly TopicTotals[];
  readonly violations: number;
  readonly lost: number;
  readonly again: number;
  /** Handled again though no member had died: at-least-once does not excuse these. */
  readonly unexplained: number;
  /** Orders that the broker acknowledged and that are not through every topic; only asked of a run that came to its end. */
  readonly incomplete: number;
  /** The first few things that were wrong, in words. */
  readonly findings: readonly string[];
  readonly ok: boolean;
}

const MAX_FINDINGS = 5;

/**
 * The demo's own book of what was handled, kept by what handlers report and read from the log, never from the engine:
 * it is there to catch the engine.
 */
export class Ledger {
  readonly #topics: ReadonlyMap<string, TopicLedger>;
  readonly #findings: string[] = [];
  readonly #gone = new Set<number>();
  #excused = false;
  #unexplained = 0;
  #finished = 0;

  /** Topics in the order an order passes them. */
  constructor(rules: Readonly<Record<string, OrderRule>>) {
    this.#topics = new Map(Object.entries(rules).map(([topic, rule]) => [topic, new TopicLedger(topic, rule)]));
  }

  /** Records handled to their end over all topics, those that came again included. */
  get finished(): number {
    return this.#finished;
  }

  /** The same with each record counted once. */
  get distinct(): number {
    return this.#sum((topic) => topic.finished);
  }

  get violations(): number {
    return this.#sum((topic) => topic.violations);
  }

  get again(): number {
    return this.#sum((topic) => topic.again);
  }

  get failedAttempts(): number {
    return this.#sum((topic) => topic.failedAttempts);
  }

  /** Orders that are through a topic. */
  through(topic: string): number {
    return this.#topics.get(topic)?.orderIds.size ?? 0;
  }

  /** How often a record of a topic was handled to its end. */
  handled(topic: string): number {
    const book = this.#topics.get(topic);
    return (book?.finished ?? 0) + (book?.again ?? 0);
  }

  enter(member: number, entry: WorkEntry): void {
    const topic = this.#topics.get(entry.topic);
    if (topic === undefined || this.#gone.has(member)) return;
    if (entry.kind === 'failed') return topic.failed(member, entry);
    if (entry.kind === 'start') return this.#find(topic.start(member, entry));
    this.#finished++;
    if (topic.done(member, entry) || this.#excused) return;
    this.#unexplained++;
    this.#find(`${entry.topic}/${entry.partition}@${entry.offset} was handled again though no member had died`);
  }

  /** The member is dead and its last report has been read: what it had not committed may come again. */
  memberGone(member: number): void {
    this.#gone.add(member);
    this.#excused = true;
    for (const topic of this.#topics.values()) topic.memberGone(member);
  }

  /** The group took partitions from a member that is alive (its session ran out): what it ran may come again. */
  partitionsLost(): void {
    this.#excused = true;
  }

  totals(topic: string, ends: readonly PartitionEnds[]): TopicTotals | undefined {
    return this.#topics.get(topic)?.totals(ends);
  }

  /** `sent`: orders that have to be through every topic; undefined where the run was ended early. */
  verdict(ends: (topic: string) => readonly PartitionEnds[], sent: number | undefined): Verdict {
    const topics = [...this.#topics.values()].map((topic) => topic.totals(ends(topic.topic)));
    const lost = topics.reduce((sum, topic) => sum + topic.lost, 0);
    const through = [...this.#topics.values()].map((topic) => topic.orderIds.size);
    const incomplete = sent === undefined ? 0 : Math.max(0, sent - Math.min(...through));
    const { violations, again } = this;
    return {
      topics,
      violations,
      lost,
      again,
      unexplained: this.#unexplained,
      incomplete,
      findings: this.#findings,
      ok: violations === 0 && lost === 0 && this.#unexplained === 0 && incomplete === 0,
    };
  }

  #sum(count: (topic: TopicLedger) => number): number {
    let sum = 0;
    for (const topic of this.#topics.values()) sum += count(topic);
    return sum;
  }

  #find(finding: string | undefined): void {
    if (finding !== undefined && this.#findings.length < MAX_FINDINGS) this.#findings.push(finding);
  }
}
