import type { OffsetCommit } from '@kafka-worker/engine';
import type { WorkerSpec } from '../scenario/scenario.js';
import { isBroken, laneOf } from './lane-rule.js';
import type { LogModel, LogRecord } from './log-model.js';
import { hasSucceeded, type ModelCall } from './model-call.js';
import type { CopyFate } from './policy-rule.js';
import { type Span, spansHold } from './stored-map.js';

/** A record that is taken and not settled. */
export interface HeldRecord {
  readonly record: LogRecord;
  readonly lane: string;
  /** `orderBy` threw: no handler ever sees it. */
  readonly broken: boolean;
  /**
   * claiming  its commit goes before its handler
   * copied    a copy is on its way
   */
  phase: 'queued' | 'claiming' | 'running' | 'waiting' | 'copied' | 'frozen';
  /** A commit may pass it though its handler is not through: by the handler's own word, or to handle it once at most. */
  released: boolean;
  /** Behind a frozen record of its key: its bytes are not in memory. */
  parked: boolean;
  /** Attempts begun that count. */
  attempts: number;
  /** While it waits: no attempt before. Milliseconds. */
  notBefore: number;
  frozenScope: 'key' | 'partition';
  /** While it is frozen: when it goes on by itself. Milliseconds since the epoch. */
  frozenUntil: number | undefined;
  /** While a copy of it is to be sent: what it will be then. */
  copyTo: CopyFate | undefined;
  /** Of the delays that it waits for in its place. */
  delaysUsed: number;
  /** Its bytes were to be read again, and the log has them no more: it is skipped when its turn comes. */
  gone: boolean;
  /** An operator has it passed over, while no handler has anything to do with it. */
  byOperator: boolean;
  /** Sends of its copy that have failed, and those under way. */
  copyFailures: number;
  copiesUnderWay: number;
  /** It could not start when its wait was over: a serial worker goes on with others. */
  letOthersBy: boolean;
  /** An operator has given it up; the engine settles it in this very call. */
  givenUp: boolean;
  /** Meaningless unless it runs. */
  call: ModelCall | undefined;
}

/** Outputs that wait for a transaction at most, as a multiple of what the buffer takes. */
const OUTPUTS_PER_BUFFER = 10;

/** One partition while one process holds it, as it has to be. */
export class HeldPartition {
  /** Invariant: ascending in offset. */
  readonly unsettled = new Map<number, HeldRecord>();
  /** Settled by this holder. */
  readonly settled = new Set<number>();
  /** Its client is offering records: how many will be taken is not known yet. */
  offering = false;
  /** The last offset of what is, or was last, offered. */
  #offeredTo = 0;
  /** Next offset to be taken. */
  position: number;
  paused = false;
  /**
   * no         handlers start
   * revoking   nothing starts
   * reopening  the next assignment is being worked out: it may go on at any moment
   */
  draining: 'no' | 'revoking' | 'reopening' = 'no';
  /** `transactional`: settled since the last transaction that was committed; as many outputs wait, or fewer. */
  unsent = 0;
  /** Of the last transaction that was committed: the group's readers may hear of it a moment later. */
  acknowledged: OffsetCommit | undefined;
  /** It has nothing to commit with, until it has been taken over again. */
  standing = false;
  /** Handed over, lost or replaced by a seek. Never false again. */
  dead = false;
  /** Records were asked for again: the first one of all is taken back whatever the buffer holds. */
  recalled = false;
  /** Where its client has come to: below the position while records are read again. */
  cursor: number;
  /** Refused records and has not asked for more since. */
  refusing = false;
  /** Since when something is settled that was not in a commit; undefined: nothing. Milliseconds. */
  dirtySince: number | undefined;
  /** Read again in the call that offers records now, and parked before. */
  #unparked: HeldRecord[] = [];
  /** The last offset it sent in a commit. */
  sent: number | undefined;

  constructor(
    readonly group: number,
    readonly topic: number,
    readonly partition: number,
    /** Index in the scenario. */
    readonly workerIndex: number,
    readonly worker: WorkerSpec,
    readonly log: LogModel,
    readonly start: number,
    /** Settled under earlier holders, by what the group had stored. */
    readonly restored: readonly Span[],
  ) {
    this.position = this.cursor = start;
  }

  get name(): string {
    return `t${this.topic}/${this.partition} of g${this.group}`;
  }

  /** Commits are the handlers' business. */
  get byHand(): boolean {
    const { commit, delivery } = this.worker;
    return delivery !== 'at-most-once' && (commit === 'manual' || commit === 'none');
  }

  get running(): HeldRecord[] {
    return this.#inPhase('running');
  }

  get waiting(): HeldRecord[] {
    return this.#inPhase('waiting');
  }

  get frozen(): HeldRecord[] {
    return this.#inPhase('frozen');
  }

  get frozenWhole(): boolean {
    return this.frozen.some(({ frozenScope }) => frozenScope === 'partition');
  }

  /** The one that holds the frontier. */
  get first(): HeldRecord | undefined {
    for (const held of this.unsettled.values()) if (!held.released) return held;
    return undefined;
  }

  /** The client offers records: whatever is not known yet counts as taken until `taken` says how many were. */
  offer(offsets: readonly number[]): void {
    this.offering = true;
    this.#offeredTo = offsets.at(-1) ?? this.cursor;
    this.cursor = Math.min(this.cursor, offsets[0] ?? this.cursor);
    for (const offset of offsets) {
      if (offset < this.position) {
        const held = this.unsettled.get(offset);
        if (held?.parked !== true || this.laneStands(held)) continue;
        held.parked = false;
        this.#unparked.push(held);
        continue;
      }
      if (!this.wasRestored(offset)) this.#take(offset);
      this.position = offset + 1;
    }
  }

  /** The engine took `taken` of these records. @returns records that it did not take and that run nevertheless. */
  confirm(offsets: readonly number[], taken: number, positionBefore: number): HeldRecord[] {
    const wrong: HeldRecord[] = [];
    this.offering = false;
    const refused = new Set(offsets.slice(taken));
    for (const held of this.#unparked) if (refused.has(held.record.offset)) held.parked = true;
    this.#unparked = [];
    // one that stands looks at nothing it is offered
    if (!this.standing) this.#comeTo(offsets[Math.min(taken, offsets.length - 1)] ?? this.cursor);
    for (const offset of offsets.slice(taken)) {
      const held = this.unsettled.get(offset);
      if (held !== undefined && offset >= positionBefore) {
        if (held.phase !== 'queued') wrong.push(held);
        this.unsettled.delete(offset);
      }
    }
    const last = offsets[taken - 1];
    this.position = Math.max(positionBefore, last === undefined ? 0 : last + 1);
    return wrong;
  }

  /** What was parked and is not in the log any more is passed by. */
  #comeTo(offset: number): void {
    for (const held of this.unsettled.values()) this.#passBy(held, offset);
    this.cursor = offset;
  }

  /** The engine ends this record while records are offered: it has passed it by if one behind it is among them. */
  noticePassedBy(held: HeldRecord): void {
    if (this.offering) this.#passBy(held, this.#offeredTo);
  }

  #passBy(held: HeldRecord, upTo: number): void {
    const at = held.record.offset;
    if (!held.parked || at < this.cursor || at >= upTo || this.laneStands(held)) return;
    if (this.log.records.some((record) => record.offset === at)) return;
    held.parked = false;
    held.gone = true;
  }

  #take(offset: number): void {
    const record = this.log.records.find((known) => known.offset === offset);
    if (record === undefined) return;
    const broken = isBroken(this.worker, record);
    const lane = laneOf(this.worker, record);
    const head = this.#headOf(lane);
    const stands = isParkable(lane) && head?.phase === 'frozen' && head.frozenScope === 'key';
    this.unsettled.set(offset, {
      record,
      lane,
      broken,
      phase: 'queued',
      released: false,
      parked: stands,
      attempts: 0,
      notBefore: 0,
      frozenScope: 'key',
      frozenUntil: undefined,
      copyTo: undefined,
      delaysUsed: 0,
      gone: false,
      byOperator: false,
      copyFailures: 0,
      copiesUnderWay: 0,
      letOthersBy: false,
      givenUp: false,
      call: undefined,
    });
  }

  wasRestored(offset: number): boolean {
    return spansHold(this.restored, offset);
  }

  settle(held: HeldRecord, now: number): void {
    this.unsettled.delete(held.record.offset);
    this.settled.add(held.record.offset);
    this.unsent++;
    this.dirtySince ??= now;
  }

  /** A commit that named it has failed: what has settled is still to be committed. */
  notCommitted(now: number): void {
    if (this.settled.size > 0) this.dirtySince ??= now;
  }

  /** Records in memory. */
  get buffered(): number {
    return [...this.unsettled.values()].filter(({ parked }) => !parked).length;
  }

  /** Outputs that cannot be committed stop it before they fill the memory: `docs/guarantees.md`. */
  get outputsMayStandInTheWay(): boolean {
    return this.worker.delivery === 'transactional' && this.unsent >= this.worker.bufferRecords * OUTPUTS_PER_BUFFER;
  }

  get claiming(): HeldRecord[] {
    return this.#inPhase('claiming');
  }

  /** What the log's next reader has to see first: a record whose bytes are needed again, or the next new one. */
  get fetchFrom(): number {
    const needed = [...this.unsettled.values()].filter((held) => held.parked && !this.laneStands(held));
    return Math.min(this.position, ...needed.map(({ record }) => record.offset));
  }

  /** The commit that was to claim it cannot be sent: it is to be settled after all. */
  unclaim(held: HeldRecord): void {
    held.phase = 'queued';
    held.released = false;
    this.sent = undefined; // what was sent counts for nothing
  }

  /** The first record of its lane is frozen. */
  laneStands({ lane }: HeldRecord): boolean {
    return this.#headOf(lane)?.phase === 'frozen';
  }

  freeze(held: HeldRecord, scope: 'key' | 'partition', until: number | undefined): void {
    held.phase = 'frozen';
    held.frozenScope = scope;
    held.frozenUntil = until;
    if (scope === 'partition' || !isParkable(held.lane)) return;
    for (const other of this.unsettled.values()) {
      if (other !== held && other.lane === held.lane) other.parked = true;
    }
  }

  #headOf(lane: string): HeldRecord | undefined {
    for (const held of this.unsettled.values()) if (held.lane === lane) return held;
    return undefined;
  }

  /** Unsettled records of the same lane that came before. */
  blockers(held: HeldRecord): HeldRecord[] {
    const found: HeldRecord[] = [];
    for (const other of this.unsettled.values()) {
      if (other === held) break;
      if (other.lane === held.lane) found.push(other);
    }
    return found;
  }

  /** The lowest unsettled record of each lane. */
  heads(): HeldRecord[] {
    const heads = new Map<string, HeldRecord>();
    for (const held of this.unsettled.values()) if (!heads.has(held.lane)) heads.set(held.lane, held);
    return [...heads.values()];
  }

  /**
   * What may be committed: the lowest unsettled offset, else the next one that is not known to be settled.
   * @param ended counts records as settled whose handler has ended well, though the engine may not know it yet.
   */
  frontier(ended: boolean): number {
    for (const held of this.unsettled.values()) {
      if (!held.released && !(ended && endedWell(held))) return held.record.offset;
    }
    let at = this.position;
    for (const { from, to } of this.restored) if (from <= at) at = Math.max(at, to);
    return at;
  }

  /** True where a commit may count this offset as done: settled, restored, or an offset that no record has. */
  mayBeDone(offset: number): boolean {
    const held = this.unsettled.get(offset);
    if (held !== undefined) return held.released || endedWell(held);
    return offset < this.position || this.wasRestored(offset);
  }

  /** Offsets above `offset` that are surely settled: what a done-set has to name. */
  doneAbove(offset: number): number[] {
    const done = [...this.settled].filter((settled) => settled > offset);
    for (const { from, to } of this.restored) {
      for (const record of this.log.between(Math.max(from, offset + 1), to)) done.push(record.offset);
    }
    return done;
  }

  #inPhase(phase: HeldRecord['phase']): HeldRecord[] {
    return [...this.unsettled.values()].filter((held) => held.phase === phase);
  }
}

function endedWell({ phase, call, givenUp }: HeldRecord): boolean {
  return givenUp || (phase === 'running' && call !== undefined && hasSucceeded(call));
}

/** Lanes of one key. */
function isParkable(lane: string): boolean {
  return lane.startsWith('k') || lane.startsWith('half');
}
