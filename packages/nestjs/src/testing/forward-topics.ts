import { retryTopicName, type FailurePolicy, type WorkerDefinition } from '@kafka-worker/engine';

type Reader = Pick<WorkerDefinition, 'topics' | 'groupId' | 'options'>;

/**
 * The topic that a worker reads a topic for: the same one, or the one whose records come back through it where it is a
 * retry topic of the worker; undefined: the worker does not read it.
 */
export function sourceOf(worker: Reader, topic: string): string | undefined {
  for (const suffix of retrySuffixes(worker)) {
    const source = topic.endsWith(suffix) ? topic.slice(0, -suffix.length) : '';
    if (source !== '' && reads(worker, source)) return source;
  }
  return reads(worker, topic) ? topic : undefined;
}

/** A topic that failed records are sent to. */
export interface ForwardTopic {
  readonly topic: string;
  /** Undefined: as many as the topic the records come from. */
  readonly partitions: number | undefined;
}

/** Where the worker's records of a topic go when they have failed. */
export function forwardTopics(worker: Reader, source: string): ForwardTopic[] {
  const policy = worker.options?.onFailure;
  if (policy === undefined) return [];
  const topics: ForwardTopic[] = [];
  if (policy.type === 'retry-topics') {
    for (const suffix of retrySuffixes(worker))
      topics.push({ topic: `${source}${suffix}`, partitions: shapeOf(policy) });
  }
  const last = policy.type === 'retry-topics' ? policy.then : policy;
  if (last.type === 'dead-letter') topics.push({ topic: last.topic, partitions: shapeOf(last) });
  return topics;
}

function shapeOf({ create }: Extract<FailurePolicy, { type: 'retry-topics' | 'dead-letter' }>): number | undefined {
  return typeof create === 'object' ? create.partitions : undefined;
}

function retrySuffixes({ groupId, options }: Reader): string[] {
  const policy = options?.onFailure;
  return policy?.type === 'retry-topics' ? policy.delaysMs.map((delayMs) => retryTopicName('', groupId, delayMs)) : [];
}

function reads({ topics }: Reader, topic: string): boolean {
  return topics.some((own) => matches(own, topic));
}

/** Expressions carry no state: the plan has taken `g` and `y` off them. */
export function matches(own: string | RegExp, topic: string): boolean {
  return typeof own === 'string' ? own === topic : own.test(topic);
}
