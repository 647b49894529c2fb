import { retryTopicName, retryTopicPattern, type DeadLetterPolicy, type FailurePolicy } from '@kafka-worker/engine';

/** What of a worker decides where its failed records go. @internal */
export interface Forwarding {
  readonly groupId: string;
  readonly options?: { readonly onFailure?: FailurePolicy };
}

/**
 * Whether a topic is one that failed records of these workers are sent to: patterns do not mean those, whatever they
 * match, or failed records would go in circles.
 * @internal
 */
export function isForwardTopic(workers: readonly Forwarding[], topic: string): boolean {
  return workers.some(({ groupId, options }) => {
    const policy = options?.onFailure;
    if (policy?.type === 'retry-topics' && retryTopicPattern(groupId).test(topic)) return true;
    return deadLetterOf(policy)?.topic === topic;
  });
}

/** The dead-letter policy, which may stand at the end of `retryTopics`. @internal */
export function deadLetterOf(policy: FailurePolicy | undefined): DeadLetterPolicy | undefined {
  const last = policy?.type === 'retry-topics' ? policy.then : policy;
  return last?.type === 'dead-letter' ? last : undefined;
}

/** What the names of a worker's retry topics end with; the topic stands in front of it. @internal */
export function retrySuffixes({ groupId, options }: Forwarding): string[] {
  const policy = options?.onFailure;
  return policy?.type === 'retry-topics' ? policy.delaysMs.map((delayMs) => retryTopicName('', groupId, delayMs)) : [];
}
