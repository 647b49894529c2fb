/**
 * How the partitions of a group are shared out.
 *
 * range        per topic, neighbouring partitions to each member: as Java's `range`, so that both may be in one group
 * round-robin  one partition to each member in turn: kafkajs' own, so that both may be in one group
 * sticky       even shares with as few moves as possible; every join still drains everything
 * cooperative  the same shares, and only what moves is drained, after the join; the rest goes on meanwhile
 */
export type AssignmentStrategy = 'range' | 'round-robin' | 'sticky' | 'cooperative';

/** Every strategy. */
export const ASSIGNMENT_STRATEGIES: readonly AssignmentStrategy[] = ['range', 'round-robin', 'sticky', 'cooperative'];

/** What a strategy is called in a group: members agree on a name that all of them have. */
export const PROTOCOL_NAMES: Readonly<Record<AssignmentStrategy, string>> = {
  range: 'range',
  'round-robin': 'RoundRobinAssigner',
  sticky: 'KafkaWorkerSticky',
  cooperative: 'KafkaWorkerCooperative',
};

/**
 * What members have unless they are told otherwise. A group in which somebody knows only kafkajs' round robin works with
 * that; when the last such member has gone the group is a cooperative one, by itself.
 */
export const DEFAULT_STRATEGIES: readonly AssignmentStrategy[] = ['cooperative', 'round-robin'];
