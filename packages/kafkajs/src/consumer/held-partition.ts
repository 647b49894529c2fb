import { partitionKey, type TopicPartition } from '@kafka-worker/engine';
import { Stash } from './stash.js';

/**
 * coming   given by the group; the engine does not know where it starts yet
 * open     records of it are handed over
 * leaving  the engine was asked for it
 */
export type Standing = 'coming' | 'open' | 'leaving';

/** A partition this member owns, and how far it has been read. */
export class HeldPartition implements TopicPartition {
  readonly key: string;
  standing: Standing = 'coming';
  /** Next offset the engine gets. Undefined until the engine or the first fetch has said where it starts. */
  delivered: number | undefined;
  /** Next offset to fetch; the stash holds what lies between `delivered` and this. */
  fetched: number | undefined;
  readonly stash = new Stash();
  highWatermark = 0;
  /** The engine asked for nothing more, until it resumes. */
  paused = false;
  /** The engine took less than it was offered: nothing more is offered until it resumes. */
  full = false;
  /**
   * kafkajs was told to leave it out of its fetches. Undefined: not known, since kafkajs keeps pauses over joins and
   * a partition that comes back may still have one.
   */
  clientPaused: boolean | undefined;
  /** How often the position was moved by hand: what is under way of an older position is not counted any more. */
  jumps = 0;

  constructor(
    readonly topic: string,
    readonly partition: number,
  ) {
    this.key = partitionKey(topic, partition);
  }

  /** No fetch is wanted now. */
  get blocked(): boolean {
    return this.paused || this.stash.size > this.stash.lowWater;
  }

  /** Everything that was in the log at the last fetch has been fetched. */
  get caughtUp(): boolean {
    return this.fetched !== undefined && this.highWatermark > 0 && this.fetched >= this.highWatermark;
  }

  /**
   * Goes on at `offset` in a new generation. The stash is kept where it continues there; else it is dropped.
   * Whether the engine has room is asked again: it may have dropped its buffer in the join.
   */
  startAt(offset: number): void {
    const continues =
      this.delivered !== undefined && this.fetched !== undefined && offset >= this.delivered && offset <= this.fetched;
    if (continues) this.stash.trim(offset);
    else this.jumpTo(offset);
    this.delivered = offset;
    this.full = false;
  }

  /** Goes on at `offset`; what was kept back is thrown away. */
  jumpTo(offset: number): void {
    this.jumps++;
    this.stash.clear();
    this.delivered = offset;
    this.fetched = offset;
    this.full = false;
  }
}
