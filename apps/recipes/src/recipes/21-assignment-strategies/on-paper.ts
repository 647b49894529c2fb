import {
  ASSIGNMENT_STRATEGIES,
  type AssignmentStrategy,
  planAssignment,
  type Shares,
  type Subscriber,
} from '@kafka-worker/kafkajs';

/** Two topics, of seven and of three partitions. */
const TOPICS = new Map([
  ['calls', 7],
  ['texts', 3],
]);

/** What a change of members comes to under a strategy. */
export interface Planned {
  readonly strategy: AssignmentStrategy;
  /** What happened: who came or went. */
  readonly change: string;
  /** Partitions of each member when it is over: `calls/0`. */
  readonly owned: Readonly<Record<string, readonly string[]>>;
  /** Partitions that have another owner than before, of those whose owner is still there. */
  readonly moved: number;
  /** Partitions that stop meanwhile: all that are held, or only what moves. */
  readonly stopped: number;
  readonly rounds: number;
}

/** C comes to A and B, then A goes. The functions are those of the driver: nothing is connected to. */
export function compareOnPaper(): Planned[] {
  return ASSIGNMENT_STRATEGIES.flatMap((strategy) => {
    const first = change(strategy, 'A and B', ['A', 'B'], new Map());
    const second = change(strategy, 'C comes', ['A', 'B', 'C'], first.owners);
    const third = change(strategy, 'A goes', ['B', 'C'], second.owners);
    return [first, second, third].map(({ planned }) => planned);
  });
}

/** Owner of each partition. */
type Owners = ReadonlyMap<string, string>;

function change(
  strategy: AssignmentStrategy,
  what: string,
  members: readonly string[],
  before: Owners,
): { planned: Planned; owners: Owners } {
  const stays = strategy === 'cooperative';
  let held = new Map([...before].filter(([, member]) => members.includes(member)));
  const heldBefore = held;
  let rounds = 0;
  let withheld: number;
  let assigned: Shares;
  do {
    // Who is eager has let go of everything before it joins.
    const plan = planAssignment(strategy, subscribers(members, held, !stays), TOPICS);
    ({ assigned } = plan);
    withheld = [...plan.withheld.values()].flat().length;
    held = ownersOf(assigned);
    rounds++;
  } while (withheld > 0);
  const moved = [...heldBefore].filter(([partition, member]) => held.get(partition) !== member).length;
  const owned = Object.fromEntries([...assigned].map(([member, share]) => [member, share.map(nameOf)]));
  const stopped = stays ? moved : heldBefore.size;
  return { planned: { strategy, change: what, owned, moved, stopped, rounds }, owners: held };
}

function subscribers(members: readonly string[], held: Owners, released: boolean): Subscriber[] {
  return members.map((memberId) => ({
    memberId,
    topics: [...TOPICS.keys()],
    owned: [...held].flatMap(([name, member]) => (member === memberId ? [partitionOf(name)] : [])),
    released,
  }));
}

function ownersOf(shares: Shares): Map<string, string> {
  return new Map([...shares].flatMap(([member, share]) => share.map((one): [string, string] => [nameOf(one), member])));
}

function nameOf({ topic, partition }: { readonly topic: string; readonly partition: number }): string {
  return `${topic}/${partition}`;
}

function partitionOf(name: string): { topic: string; partition: number } {
  const [topic = '', partition] = name.split('/');
  return { topic, partition: Number(partition) };
}
