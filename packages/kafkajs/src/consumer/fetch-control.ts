import type { TopicPartition } from '@kafka-worker/engine';
import type { Consumer } from 'kafkajs';
import type { HeldPartition } from './held-partition.js';

/**
 * Calls into kafkajs' consumer that throw while a crashed consumer is being started again, because there is no
 * group object then. Nothing is missed by that: the join that follows sets positions and pauses anew.
 */
export class FetchControl {
  constructor(private readonly consumer: Consumer) {}

  /**
   * Leaves a partition out of the next fetch. Always by number: pausing single partitions of a topic lifts a pause
   * of the whole topic in kafkajs.
   */
  pause(held: HeldPartition): void {
    if (held.clientPaused !== true && attempt(() => this.consumer.pause(named(held)))) held.clientPaused = true;
  }

  /** Also said of a partition that comes new into the assignment: a pause from an earlier one may still hold. */
  resume(held: HeldPartition): void {
    if (held.clientPaused !== false && attempt(() => this.consumer.resume(named(held)))) held.clientPaused = false;
  }

  /** Takes effect at the next fetch round; a response under way is thrown away by kafkajs. Commits nothing. */
  seek(held: HeldPartition): void {
    const { topic, partition, fetched } = held;
    if (fetched !== undefined) attempt(() => this.consumer.seek({ topic, partition, offset: String(fetched) }));
  }
}

function named({ topic, partition }: TopicPartition): { topic: string; partitions: number[] }[] {
  return [{ topic, partitions: [partition] }];
}

function attempt(call: () => void): boolean {
  try {
    call();
    return true;
  } catch {
    return false;
  }
}
