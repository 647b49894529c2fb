import {
  ensureError,
  METADATA_LIMIT_CHARS,
  recordBytes,
  type Clock,
  type CommitError,
  type CommittedOffset,
  type DriverAdmin,
  type DriverConsumer,
  type DriverProducer,
  type KafkaRecord,
  type LogRange,
  type OutgoingRecord,
  type TopicPartition,
} from '@kafka-worker/engine';
import { replayGroupId } from '../groups.js';
import { toDeadLetter } from '../letters/dead-letter.js';
import type { DeadLetterFilter, DeadLetterMatcher } from '../letters/filter.js';
import type { BoundedReader, ReadPlan, ReadSpan } from '../reading/bounded-reader.js';
import type { Found, PartitionReading } from '../reading/partition-reading.js';
import { spanOf } from '../reading/topic-ends.js';
import { Ledger } from './ledger.js';
import { Pace } from './pace.js';
import { PartitionNotes } from './partition-notes.js';
import type { ReplayListener } from './events.js';
import type { ReplayOutcome, ReplayReport } from './report.js';
import { Sender, type SendOutcome } from './sender.js';
import { readStored, storedFor, storedReplays } from './stored.js';
import { Targets } from './targets.js';

/** Bytes of one request at most, the last record of it excepted: far below what brokers take by default. */
const REQUEST_BYTES = 256 * 1024;

/** How often a commit that failed is tried, and what lies between. */
const COMMIT_TRIES = 10;
const COMMIT_PAUSE_MS = 500;

/** How long a commit, and a partition that nobody holds, waits for a join under way. Milliseconds. */
const JOIN_PATIENCE_MS = 90_000;

/** How often the group is asked who holds what is left. Milliseconds. */
const ASK_PAUSE_MS = 500;

/** What a run is made with. */
export interface ReplayRunInit {
  readonly topic: string;
  readonly filter: DeadLetterFilter;
  readonly matches: DeadLetterMatcher;
  /** Ranges when the run began, in the order of the partitions. */
  readonly ends: readonly LogRange[];
  readonly admin: DriverAdmin;
  /** Undefined: a dry run. */
  readonly producer: DriverProducer | undefined;
  readonly to: string | undefined;
  readonly again: boolean;
  readonly limit: number;
  /** Most records of one request. */
  readonly requestRecords: number;
  readonly ratePerSecond: number | undefined;
  readonly clock: Clock;
  readonly listener: ReplayListener | undefined;
  readonly signal: AbortSignal | undefined;
}

/** A record on its way, under the ownership in which it was taken. */
interface Parcel {
  readonly found: Found;
  readonly reading: PartitionReading;
  readonly notes: PartitionNotes;
  readonly outgoing: OutgoingRecord;
}

/**
 * One replay: takes what is wanted request by request, sends it, notes it in the group's commit, and only then takes
 * the next. So at most one request is sent and not noted, whenever the process is killed; and a hand-over waits for it.
 */
export class ReplayRun {
  readonly #init: ReplayRunInit;
  readonly #notes: readonly PartitionNotes[];
  readonly #targets: Targets;
  readonly #sender: Sender | undefined;
  readonly #pace: Pace;
  readonly #ledger: Ledger;
  #reader: BoundedReader | undefined;
  #failed = false;

  constructor(init: ReplayRunInit) {
    this.#init = init;
    this.#notes = init.ends.map(({ topic, partition, high }) => new PartitionNotes(topic, partition, high));
    this.#targets = new Targets(init.admin, init.to);
    this.#sender = init.producer && new Sender(init.producer);
    this.#pace = new Pace(init.clock, init.ratePerSecond);
    this.#ledger = new Ledger(init.listener);
  }

  /** How a consumer of the group, or of a listing, is read. */
  plan(consumer: DriverConsumer): ReadPlan {
    return {
      open: (partitions) => this.#open(consumer, partitions),
      find: (record) => this.#find(record),
      progressed: () => this.#ledger.read(this.#reader?.readings.map(({ partition }) => partition) ?? []),
    };
  }

  /**
   * Works off what the reader holds. Never rejects: what breaks is a problem of the report.
   * @param consumer the reader's; undefined in a dry run
   */
  async go(reader: BoundedReader, consumer: DriverConsumer | undefined): Promise<ReplayReport> {
    this.#reader = reader;
    let outcome: ReplayOutcome;
    try {
      outcome = await this.#work(reader, consumer);
      this.#lookAround(reader);
    } catch (thrown) {
      outcome = 'failed';
      this.#ledger.add({ type: 'client-failed', error: ensureError(thrown) });
    }
    return this.report(outcome);
  }

  report(outcome: ReplayOutcome): ReplayReport {
    const { topic } = this.#init;
    this.#ledger.unnoted(this.#notes);
    return {
      topic,
      groupId: replayGroupId(topic),
      dryRun: this.#sender === undefined,
      outcome,
      ...this.#ledger.close(),
      partitions: this.#notes.map(({ partition, end, position, replayed, silentFrom }) => ({
        partition,
        end,
        position,
        frontier: replayed.frontier,
        silentFrom,
      })),
    };
  }

  // ---------------------------------------------------------------- what is read

  async #open(consumer: DriverConsumer, partitions: readonly TopicPartition[]): Promise<ReadSpan[]> {
    const [ranges, stored] = await Promise.all([consumer.logRanges(partitions), this.#stored(consumer, partitions)]);
    return ranges.map((range) => this.#openOne(range, storedFor(stored, range)));
  }

  /** What the replays have committed: a listing is in another group, so it asks from outside. */
  #stored(consumer: DriverConsumer, partitions: readonly TopicPartition[]): Promise<CommittedOffset[]> {
    const { topic, admin } = this.#init;
    return this.#sender === undefined ? admin.committed(replayGroupId(topic), [topic]) : consumer.committed(partitions);
  }

  #openOne(range: LogRange, committed: CommittedOffset): ReadSpan {
    const { filter, again } = this.#init;
    const { topic, partition, high } = range;
    const notes = this.#notes[partition];
    // Partitions that came after the run began have nothing that was there when it did.
    if (notes === undefined) return { topic, partition, from: high, to: high };
    const stored = readStored(committed, range);
    const span = spanOf(range, notes.end, filter);
    if (stored.unreadable !== undefined && !again && span.from < span.to && !notes.blocked) {
      notes.blocked = true;
      this.#ledger.add({ type: 'done-set-unreadable', partition, reason: stored.unreadable });
    }
    const from = again ? span.from : Math.min(high, Math.max(span.from, stored.replayed.frontier));
    notes.open(stored, from);
    return notes.blocked ? { ...span, from: high, to: high } : { ...span, from };
  }

  #find(record: KafkaRecord): Found | undefined {
    const { again, matches } = this.#init;
    const notes = this.#notes[record.partition];
    if (notes === undefined || notes.blocked) return undefined;
    const counts = notes.pass(record.offset);
    const letter = toDeadLetter(record);
    const matching = matches(letter, record);
    const replayed = !again && notes.replayed.has(record.offset);
    if (counts) this.#ledger.looked(matching, replayed && !notes.settled.has(record.offset));
    if (!matching || replayed || notes.settled.has(record.offset)) return undefined;
    return { record, letter };
  }

  // ---------------------------------------------------------------- request by request

  async #work(reader: BoundedReader, consumer: DriverConsumer | undefined): Promise<ReplayOutcome> {
    const { limit, signal, clock } = this.#init;
    let overSince: number | undefined;
    for (;;) {
      const state = await reader.ready(signal);
      if (state !== 'over') overSince = undefined;
      // What could not be noted before its partition came back.
      if (consumer !== undefined) await reader.during(() => this.#note(reader, consumer));
      if (this.#failed) return 'failed';
      if (state === 'stopped') return 'stopped';
      this.#lookAround(reader);
      if (state === 'over') {
        overSince ??= clock.now();
        const left = await this.#leftElsewhere();
        const enough = consumer === undefined || clock.now() - overSince > JOIN_PATIENCE_MS;
        if (enough || (await this.#areHeld(left))) return this.#complete(left);
        await reader.change(ASK_PAUSE_MS);
        continue;
      }
      if (this.#ledger.totals.sent >= limit) return 'limit';
      await this.#pace.turn(signal);
      const request = signal?.aborted ? [] : this.#gather(reader);
      if (request.length > 0) await reader.during(() => this.#handle(request, reader, consumer));
      if (this.#failed) return 'failed';
    }
  }

  #gather(reader: BoundedReader): { found: Found; reading: PartitionReading }[] {
    const { requestRecords, limit } = this.#init;
    const most = Math.min(this.#pace.share(requestRecords), limit - this.#ledger.totals.sent);
    const request: { found: Found; reading: PartitionReading }[] = [];
    for (let bytes = 0; request.length < most && bytes < REQUEST_BYTES;) {
      const found = reader.take();
      const reading = found && reader.reading(found.record.partition);
      if (found === undefined || reading === undefined) break;
      bytes += recordBytes(found.record) + found.letter.sizes.headers;
      request.push({ found, reading });
    }
    return request;
  }

  async #handle(
    request: readonly { found: Found; reading: PartitionReading }[],
    reader: BoundedReader,
    consumer: DriverConsumer | undefined,
  ): Promise<void> {
    await this.#targets.load(request.map(({ found }) => found));
    const parcels = this.#fitting(this.#addressed(request), reader).filter(({ reading }) => reading.alive);
    if (parcels.length === 0) return;
    for (const { notes, found } of parcels) notes.settled.add(found.record.offset);
    if (this.#sender === undefined || consumer === undefined) return this.#pretend(parcels);
    const outcomes = await this.#sender.send(parcels.map(({ outgoing }) => outgoing));
    this.#book(parcels, outcomes);
    await this.#note(reader, consumer);
  }

  /** Those that have somewhere to go. */
  #addressed(request: readonly { found: Found; reading: PartitionReading }[]): Parcel[] {
    return request.flatMap(({ found, reading }) => {
      const notes = this.#notes[found.record.partition] as PartitionNotes;
      const destination = this.#targets.of(found);
      if (destination.ok) return { found, reading, notes, outgoing: destination.outgoing };
      notes.settled.add(found.record.offset);
      this.#ledger.left(found.letter, destination);
      return [];
    });
  }

  /** Those that can be noted when they are sent. A partition with others is given up before anything of it is sent. */
  #fitting(parcels: readonly Parcel[], reader: BoundedReader): Parcel[] {
    const after = new Map<PartitionNotes, PartitionNotes['replayed']>();
    for (const { notes, found } of parcels) notes.passGaps(found.record.offset);
    for (const { notes, found } of parcels) {
      const replayed = after.get(notes) ?? notes.replayed.copy();
      replayed.add(found.record.offset);
      after.set(notes, replayed);
    }
    for (const [notes, replayed] of after) {
      if (replayed.metadata().length > METADATA_LIMIT_CHARS) this.#block(notes, replayed, reader);
    }
    return parcels.filter(({ notes }) => !notes.blocked);
  }

  #block(notes: PartitionNotes, { frontier, above }: PartitionNotes['replayed'], reader: BoundedReader): void {
    notes.blocked = true;
    reader.close(notes.partition);
    const to = (above[0]?.from ?? notes.end) - 1;
    this.#ledger.add({ type: 'done-set-full', partition: notes.partition, gap: { from: frontier, to } });
  }

  #pretend(parcels: readonly Parcel[]): void {
    for (const { notes, found } of parcels) notes.replayed.add(found.record.offset);
    this.#ledger.sent(
      parcels.map(({ found, outgoing: { topic, partition } }) => ({
        letter: found.letter,
        to: { topic, partition, offset: undefined },
      })),
    );
  }

  #book(parcels: readonly Parcel[], outcomes: readonly SendOutcome[]): void {
    const unknown = parcels.filter((_, i) => outcomes[i]?.type === 'unknown');
    const sent = parcels.flatMap(({ notes, found }, i) => {
      const outcome = outcomes[i] as SendOutcome;
      if (outcome.type === 'sent') {
        notes.replayed.add(found.record.offset);
        notes.unnoted.push(found.record.offset);
        return { letter: found.letter, to: outcome.at };
      }
      // Beside one whose outcome is not known nobody has looked for the one that is at fault.
      if (outcome.type === 'refused' && unknown.length === 0) {
        this.#ledger.refused(found.letter, parcels[i]?.outgoing.topic ?? '', outcome.error);
      }
      return [];
    });
    this.#pace.sent(sent.length);
    this.#ledger.sent(sent);
    const error = outcomes.find((outcome) => outcome.type === 'unknown')?.error;
    if (error === undefined) return;
    this.#failed = true;
    const records = unknown.map(({ found: { record } }) => ({ partition: record.partition, offset: record.offset }));
    this.#ledger.add({ type: 'send-failed', records, error });
  }

  // ---------------------------------------------------------------- what is noted

  /** Commits what was sent. What stays unnoted is told at the end; it comes again with a partition that comes back. */
  async #note(reader: BoundedReader, consumer: DriverConsumer, only?: PartitionNotes): Promise<void> {
    const { clock } = this.#init;
    const since = clock.now();
    for (let tries = 1; ; tries++) {
      const held = (notes: PartitionNotes): boolean => reader.reading(notes.partition)?.alive === true;
      const due = this.#notes.filter((notes) => notes.unnoted.length > 0 && held(notes) && (only ?? notes) === notes);
      if (due.length === 0) return;
      const counts = due.map(({ unnoted }) => unnoted.length);
      try {
        await consumer.commit(due.map((notes) => notes.commit()));
        due.forEach((notes, i) => notes.unnoted.splice(0, counts[i]));
        return;
      } catch (thrown) {
        const error = ensureError(thrown);
        for (const notes of due) notes.noteError = error;
        const { code } = error as Partial<CommitError>;
        if (code === 'COMMIT_METADATA_TOO_LARGE') {
          if (due.length === 1) return this.#refusedNote(due[0] as PartitionNotes, reader);
          for (const notes of due) await this.#note(reader, consumer, notes);
          return;
        }
        if (code === 'COMMIT_STALE' || code === 'COMMIT_FENCED') {
          // A join decides whether the partition stays; the hand-over before it must not wait for this.
          reader.giveWay();
          if (clock.now() - since > JOIN_PATIENCE_MS) break;
        } else if (tries >= COMMIT_TRIES) break;
      }
      await reader.change(COMMIT_PAUSE_MS);
    }
    this.#failed = true;
  }

  /** The broker takes less than 4,096 characters (`offset.metadata.max.bytes`): nothing more of the partition is sent. */
  #refusedNote(notes: PartitionNotes, reader: BoundedReader): void {
    this.#failed = true;
    if (!notes.blocked) this.#block(notes, notes.replayed, reader);
  }

  // ---------------------------------------------------------------- at the end

  /** Which partitions are through. */
  #lookAround(reader: BoundedReader): void {
    for (const { partition, isOver, silentFrom } of reader.readings) {
      const notes = this.#notes[partition];
      if (notes === undefined || !isOver) continue;
      notes.finished = true;
      notes.silentFrom = silentFrom;
    }
  }

  #complete(left: readonly number[]): ReplayOutcome {
    if (left.length > 0) this.#ledger.add({ type: 'elsewhere', partitions: left });
    return 'complete';
  }

  /** Partitions that this member has not been through, unless everything in them has been replayed. */
  async #leftElsewhere(): Promise<number[]> {
    const { admin, topic, ends, filter } = this.#init;
    const open = this.#notes
      .filter(({ finished }) => !finished)
      .map(({ partition, end }) => spanOf(ends[partition] as LogRange, end, filter))
      .filter(({ from, to }) => from < to);
    if (open.length === 0) return [];
    const stored = await storedReplays(admin, topic, ends);
    return open
      .filter(({ partition, to }) => (stored[partition]?.replayed.frontier ?? 0) < to)
      .map(({ partition }) => partition);
  }

  /**
   * Whether another member holds each of them. One that nobody holds is on its way: in a join under way, or, under a
   * cooperative protocol, between the join that took it from its owner and the one that gives it to the next.
   */
  async #areHeld(partitions: readonly number[]): Promise<boolean> {
    if (partitions.length === 0) return true;
    const { members } = await this.#init.admin.describeGroup(replayGroupId(this.#init.topic));
    const held = new Set(members.flatMap((member) => member.partitions.map(({ partition }) => partition)));
    return partitions.every((partition) => held.has(partition));
  }
}
