import { ConfigurationError, type ConfigurationMistake } from '@kafka-worker/engine';
import kafkajs, { type PartitionAssigner } from 'kafkajs';
import type { KafkajsDriverOptions } from '../options.js';
import { strategyAssigner, type AssignerSource } from './assigner.js';
import { ASSIGNMENT_STRATEGIES, DEFAULT_STRATEGIES, type AssignmentStrategy } from './strategy.js';

type AssignmentOptions = Pick<KafkajsDriverOptions, 'assignment' | 'consumer'>;

/** The strategies of a driver in the order of preference; none where it brings assigners of its own. */
export function strategiesOf({ assignment, consumer }: AssignmentOptions): readonly AssignmentStrategy[] {
  if (assignment !== undefined) return typeof assignment === 'string' ? [assignment] : assignment;
  return consumer?.partitionAssigners === undefined ? DEFAULT_STRATEGIES : [];
}

/** @throws ConfigurationError with every mistake of these options */
export function checkAssignment({ assignment, consumer }: AssignmentOptions): void {
  if (assignment === undefined) return;
  const where = 'kafkajsDriver';
  const mistakes: ConfigurationMistake[] = [];
  const wrong = (message: string): void => void mistakes.push({ where, option: 'assignment', message });
  const why = whyNoAssignment(assignment);
  if (why !== undefined) wrong(why);
  if (consumer?.partitionAssigners !== undefined) {
    wrong('stands beside "consumer.partitionAssigners"; both say how partitions are shared out, leave one out');
  }
  if (mistakes.length > 0) throw new ConfigurationError(mistakes);
}

/** What is wrong with a value of the option; undefined: nothing. */
export function whyNoAssignment(assignment: unknown): string | undefined {
  const list: readonly unknown[] = Array.isArray(assignment) ? assignment : [assignment];
  const allowed = ASSIGNMENT_STRATEGIES.map((name) => `'${name}'`).join(', ');
  if (list.length === 0) return `an empty list is not allowed; one or more of ${allowed} are`;
  const unknown = list.find((name) => !(ASSIGNMENT_STRATEGIES as readonly unknown[]).includes(name));
  if (unknown !== undefined || list.includes(undefined)) {
    const shown = typeof unknown === 'string' ? `"${unknown}"` : typeof unknown;
    return `${shown} is not allowed; one or more of ${allowed} are`;
  }
  return new Set(list).size < list.length ? 'a strategy stands in it twice' : undefined;
}

/** The assigners of a consumer: the strategies, or what the user brings. */
export function createAssigners(options: AssignmentOptions, source: AssignerSource): PartitionAssigner[] {
  const own = options.consumer?.partitionAssigners;
  if (own !== undefined) return own.length > 0 ? own : [kafkajs.PartitionAssigners.roundRobin];
  return strategiesOf(options).map((strategy) => strategyAssigner(strategy, source));
}
