import { retryTopicName, retryTopicPattern, type FailurePolicy, type WorkerDefinition } from '@kafka-worker/engine';

/** A worker as far as topics go. */
export type Reader = Pick<WorkerDefinition, 'topics' | 'groupId' | 'options'>;

/** A topic that failed records are sent to. */
export interface ForwardTopic {
  readonly topic: string;
  /** Undefined: as many as the topic the records come from. */
  readonly partitions: number | undefined;
}

/** Which topics the workers of one connection read, and where their failed records go: as their engine sees it. */
export class TopicReaders {
  constructor(private readonly workers: readonly Reader[]) {}

  /**
   * The topic that a worker reads a topic for: the same one, or the one whose records come back through it where it is a
   * retry topic of the worker; undefined: the worker does not read it.
   */
  sourceOf(worker: Reader, topic: string): string | undefined {
    for (const suffix of retrySuffixes(worker)) {
      const source = topic.endsWith(suffix) ? topic.slice(0, -suffix.length) : '';
      if (source !== '' && this.#reads(worker, source)) return source;
    }
    return this.#reads(worker, topic) ? topic : undefined;
  }

  /** A pattern does not mean topics of failed records, or these would go in circles. */
  #reads({ topics }: Reader, topic: string): boolean {
    return topics.some((own) => matches(own, topic) && (own === topic || !this.#isForward(topic)));
  }

  #isForward(topic: string): boolean {
    return this.workers.some(({ groupId, options }) => {
      const policy = options?.onFailure;
      if (policy?.type === 'retry-topics' && retryTopicPattern(groupId).test(topic)) return true;
      return deadLetterOf(policy)?.topic === topic;
    });
  }
}

/** Where a worker's records of a topic go when they have failed. */
export function forwardTopics(worker: Reader, source: string): ForwardTopic[] {
  const policy = worker.options?.onFailure;
  const topics = retrySuffixes(worker).map((suffix) => ({ topic: `${source}${suffix}`, partitions: shapeOf(policy) }));
  const last = deadLetterOf(policy);
  return last ? [...topics, { topic: last.topic, partitions: shapeOf(last) }] : topics;
}

/** Expressions carry no state: the plan has taken `g` and `y` off them. */
export function matches(own: string | RegExp, topic: string): boolean {
  return typeof own === 'string' ? own === topic : own.test(topic);
}

function deadLetterOf(policy: FailurePolicy | undefined): Extract<FailurePolicy, { type: 'dead-letter' }> | undefined {
  const last = policy?.type === 'retry-topics' ? policy.then : policy;
  return last?.type === 'dead-letter' ? last : undefined;
}

function shapeOf(policy: FailurePolicy | undefined): number | undefined {
  const create = policy !== undefined && 'create' in policy ? policy.create : undefined;
  return typeof create === 'object' ? create.partitions : undefined;
}

function retrySuffixes({ groupId, options }: Reader): string[] {
  const policy = options?.onFailure;
  return policy?.type === 'retry-topics' ? policy.delaysMs.map((delayMs) => retryTopicName('', groupId, delayMs)) : [];
}
