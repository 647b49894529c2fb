import type { LetterPosition, ReplayProblem } from './report.js';

/** How many offsets a message names. */
const NAMED = 10;

type Facts<P = ReplayProblem> = P extends ReplayProblem ? Omit<P, 'message'> : never;

/** A problem with its words. */
export function problem(facts: Facts): ReplayProblem {
  return { ...facts, message: wordsOf(facts) } as ReplayProblem;
}

function wordsOf(facts: Facts): string {
  switch (facts.type) {
    case 'topic-missing':
      return `topic ${facts.topic} does not exist: ${letters(facts.records)} for it left where they are. Create it, or name another with "to".`;
    case 'refused':
      return `${facts.topic} refused ${letters(facts.records)}, left where they are; the first is ${where(facts.first)}: ${facts.error.message}`;
    case 'done-set-full':
      return (
        `partition ${facts.partition}: which of its dead letters are replayed does not fit into the metadata of a commit any more; nothing more of it was sent. ` +
        `Replay what lies below first, "--partition ${facts.partition} --offset ${facts.gap.from}..${facts.gap.to}" without other filters, to its origin or with "--to" to a topic where it can stay. Then run this again.`
      );
    case 'done-set-unreadable':
      return `partition ${facts.partition}: what the group has stored cannot be read (${facts.reason}), so that nobody knows what has been replayed above its offset. Nothing of it was sent. "--again" replays everything above the offset.`;
    case 'send-failed':
      return `the broker did not acknowledge ${letters(facts.records.length)}: ${list(facts.records)}. It may have them, and the next run sends them again: ${facts.error.message}`;
    case 'not-noted':
      return `${letters(facts.records.length)} sent, but not noted as sent: ${list(facts.records)}. The next run sends them again${facts.error ? `: ${facts.error.message}` : '.'}`;
    case 'elsewhere':
      return `another replay works on partition ${facts.partitions.join(', ')}, whose filter may be another. Run this again when it is over.`;
    case 'client-failed':
      return `the client failed, the rest was not looked at. Run this again: ${facts.error.message}`;
  }
}

function letters(count: number): string {
  return count === 1 ? '1 dead letter' : `${count} dead letters`;
}

function list(records: readonly LetterPosition[]): string {
  const named = records.slice(0, NAMED).map(where).join(', ');
  return records.length > NAMED ? `${named} and ${records.length - NAMED} more` : named;
}

function where({ partition, offset }: LetterPosition): string {
  return `${partition}/${offset}`;
}
