import type { EngineSnapshot, GroupSnapshot, PartitionSnapshot } from '@kafka-worker/engine';
import type { RecordPosition } from './delivered-record.js';

/** What keeps a record from being settled. */
export interface Hold {
  /** No passing of time ends it; somebody has to do something. */
  readonly isFinal: boolean;
  /** The rest of a sentence that begins with the record. */
  readonly text: string;
}

/** Reads from the snapshots of a group's members why a record is not settled. */
export function findHold(groupId: string, record: RecordPosition, members: readonly EngineSnapshot[]): Hold {
  const running = members.filter(({ state }) => state === 'RUNNING' || state === 'DRAINING');
  if (running.length === 0) {
    const states = [...new Set(members.map(({ state }) => state))].join(', ');
    return final(`nobody reads it: the workers are ${states}`);
  }
  const groups = running.flatMap((member) => member.groups).filter((group) => group.groupId === groupId);
  for (const group of groups) {
    const partition = group.partitions.find(
      ({ topic, partition }) => topic === record.topic && partition === record.partition,
    );
    if (partition) return holdOf(record, group, partition);
  }
  const states = groups.map(({ state, error }) => `${state}${error === undefined ? '' : ` (${error})`}`).join(', ');
  return passing(`no member of its group has the partition; the members are ${states}`);
}

function holdOf({ offset }: RecordPosition, group: GroupSnapshot, partition: PartitionSnapshot): Hold {
  const own = partition.runningRecords.find((record) => record.offset === offset);
  if (own?.state === 'claiming') return passing('its commit is awaited before its handler starts');
  if (own) return passing(`its handler ${partition.worker} runs and has not settled, attempt ${own.attempt}`);
  const where = `${partition.topic}/${partition.partition}`;
  if (partition.paused) return final(`${where} is paused; KafkaWorkerRuntime.resume() ends that`);
  const worker = group.workers.find(({ id }) => id === partition.worker);
  if (partition.held !== undefined) {
    // One that has to be taken over from another is asked for again and again.
    const isAsked = worker?.delivery === 'exactly-once' || worker?.delivery === 'transactional';
    return { isFinal: !isAsked, text: `${where} stands: ${partition.held}` };
  }
  // Those that time ends keep nobody for good.
  const standing = partition.frozen.filter(({ unfreezesAt }) => unfreezesAt === undefined);
  const [frozen] = standing;
  if (frozen) {
    const text = `${where} is frozen at offset ${frozen.offset} (${frozen.error}); KafkaWorkerRuntime.unfreeze() ends that`;
    if (standing.some(({ scope }) => scope === 'partition')) return final(text);
    const isTaken = partition.position > offset;
    // A key is frozen: it is the record's own where nothing else keeps it from starting.
    if (isTaken && partition.waiting === 0 && worker?.running === 0) {
      return final(`its key is frozen: ${text}`);
    }
  }
  const { heldBy } = partition;
  if (heldBy?.offset === offset) {
    return passing(`it is ${heldBy.state} after attempt ${heldBy.attempt}${heldBy.error ? `: ${heldBy.error}` : ''}`);
  }
  if (heldBy) return passing(`it comes after offset ${heldBy.offset}, which is ${heldBy.state}`);
  return passing('it has not been taken from the log');
}

function final(text: string): Hold {
  return { isFinal: true, text };
}

function passing(text: string): Hold {
  return { isFinal: false, text };
}
