import type { FailurePolicy, WorkerDefinition } from '@kafka-worker/engine';
import { deadLetterOf, isForwardTopic, retrySuffixes } from '../runtime/forward-topics.js';

/** A worker as far as topics go. */
export type Reader = Pick<WorkerDefinition, 'topics' | 'groupId' | 'options'>;

/** A topic that failed records are sent to. */
export interface ForwardTopic {
  readonly topic: string;
  /** Undefined: as many as the topic the records come from. */
  readonly partitions: number | undefined;
}

/** Which topics the workers of one connection read, as their engine sees it. */
export class TopicReaders {
  constructor(private readonly workers: readonly Reader[]) {}

  /**
   * The topic that a worker reads a topic for: the same one, or the one whose records come back through it where it is a
   * retry topic of the worker; undefined: the worker does not read it.
   */
  sourceOf(worker: Reader, topic: string): string | undefined {
    const isRead = (name: string): boolean => worker.topics.some((own) => this.means(own, name));
    for (const suffix of retrySuffixes(worker)) {
      const source = topic.endsWith(suffix) ? topic.slice(0, -suffix.length) : '';
      if (source !== '' && isRead(source)) return source;
    }
    return isRead(topic) ? topic : undefined;
  }

  /** Whether a name or a pattern means a topic. Patterns carry no state: the plan has taken `g` and `y` off them. */
  means(own: string | RegExp, topic: string): boolean {
    return typeof own === 'string' ? own === topic : own.test(topic) && !isForwardTopic(this.workers, topic);
  }
}

/** Where a worker's records of a topic go when they have failed. */
export function forwardTopics(worker: Reader, source: string): ForwardTopic[] {
  const policy = worker.options?.onFailure;
  const topics = retrySuffixes(worker).map((suffix) => ({ topic: `${source}${suffix}`, partitions: shapeOf(policy) }));
  const last = deadLetterOf(policy);
  return last ? [...topics, { topic: last.topic, partitions: shapeOf(last) }] : topics;
}

function shapeOf(policy: FailurePolicy | undefined): number | undefined {
  const create = policy !== undefined && 'create' in policy ? policy.create : undefined;
  return typeof create === 'object' ? create.partitions : undefined;
}
