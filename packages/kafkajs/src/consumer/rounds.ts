import type { Cluster } from 'kafkajs';
import type { Bell } from '../bounded.js';
import type { FetchControl } from './fetch-control.js';
import type { HeldPartition } from './held-partition.js';

/** What the rounds ask of the membership. */
export interface RoundGate {
  /** True between the settled `assigned` and the next join. */
  readonly open: boolean;
  /** True once the membership has ended: nothing is worth waiting for. */
  readonly over: boolean;
  /** What kafkajs is to fetch. */
  fetchable(): Iterable<HeldPartition>;
  /** Throws where the loop has to end: a rejoin that is due, an error that must not pass. */
  checkpoint(): void;
}

/** How long a round waits for a full partition before it goes on with the idle ones. Milliseconds. */
const ROOM_MS = 30;

/**
 * The top of each fetch round of each broker's loop.
 *
 * - No fetch before `assigned` has settled, and kafkajs applies its positions after that.
 * - Partitions that are full or paused are left out of the fetch, told to kafkajs only here: a pause while a fetch
 *   is under way throws its response away.
 * - A loop with nothing to fetch waits here and goes on the moment there is room. Left to itself kafkajs sleeps
 *   `maxWaitTimeInMs` then.
 * No wait is longer than the heartbeat interval, because kafkajs sends heartbeats between rounds.
 */
export class Rounds {
  /** Node whose round begins. Set by the event that kafkajs emits right before, in the same turn. */
  private node: string | undefined;
  /** When a loop has last begun a round. Milliseconds since the epoch; undefined: none has. */
  turnedAt: number | undefined;

  constructor(
    private readonly gate: RoundGate,
    private readonly control: FetchControl,
    private readonly room: Bell,
    private readonly timing: { readonly heartbeatMs: number; readonly maxWaitMs: number },
  ) {}

  starting(node: string): void {
    this.node = node;
  }

  /** kafkajs asks for metadata as the first thing in a round, and once before it joins: that one passes. */
  async begin(cluster: Cluster): Promise<void> {
    const { node } = this;
    this.node = undefined;
    if (node === undefined) return;
    this.turnedAt = Date.now();
    const until = this.turnedAt + this.timing.heartbeatMs;
    let blocked = await this.waitFor(until, cluster, node);
    if (blocked.length > 0) blocked = await this.waitForRoom(blocked, cluster, node);
    this.gate.checkpoint();
    for (const held of blocked) this.control.pause(held);
  }

  /** Until there is something to fetch; the blocked partitions of this round. Throws `emptyRound` after `until`. */
  private async waitFor(until: number, cluster: Cluster, node: string): Promise<HeldPartition[]> {
    for (;;) {
      this.gate.checkpoint();
      if (this.gate.open) {
        const { blocked, others } = this.split(cluster, node);
        if (blocked.length === 0 || others.length > 0) return blocked;
      }
      const left = this.gate.over ? 0 : until - Date.now();
      if (left <= 0) throw emptyRound();
      await this.room.wait(left);
    }
  }

  /**
   * All that could be fetched is idle, so the broker would hold the request for `maxWaitTimeInMs`, in which a busy
   * partition that gets room cannot be fetched. Waits for it a moment, and longer where it will soon be used up.
   */
  private async waitForRoom(blocked: HeldPartition[], cluster: Cluster, node: string): Promise<HeldPartition[]> {
    const { others } = this.split(cluster, node);
    const busy = blocked.filter((held) => !held.paused);
    if (busy.length === 0 || !others.every((held) => held.caughtUp)) return blocked;
    const before = busy.map((held) => held.stash.size);
    await this.room.wait(ROOM_MS);
    const now = busy.map((held) => held.stash.size);
    const soonest = Math.min(...now.map((left, i) => (left * ROOM_MS) / Math.max(1, (before[i] as number) - left)));
    if (now.every((left) => left > 0) && soonest <= this.timing.maxWaitMs) await this.room.wait(soonest * 1.5);
    return this.gate.open ? this.split(cluster, node).blocked : [];
  }

  /** The partitions this node's loop fetches: those that cannot take anything now, and the others. */
  private split(cluster: Cluster, node: string): { blocked: HeldPartition[]; others: HeldPartition[] } {
    const blocked: HeldPartition[] = [];
    const others: HeldPartition[] = [];
    const single = cluster.getNodeIds().length === 1;
    for (const held of this.gate.fetchable()) {
      if (single || leader(cluster, held) === node) (held.blocked ? blocked : others).push(held);
    }
    return { blocked, others };
  }
}

function leader(cluster: Cluster, { topic, partition }: HeldPartition): string {
  return String(cluster.findTopicPartitionMetadata(topic).find((p) => p.partitionId === partition)?.leader);
}

/**
 * kafkajs takes a closed connection during a fetch for a round without records: it sends a heartbeat where one is due
 * and begins the next round at once. Without a host in it the error has no other effect.
 */
function emptyRound(): Error {
  return Object.assign(new Error('nothing to fetch in this round'), { name: 'KafkaJSConnectionClosedError' });
}
