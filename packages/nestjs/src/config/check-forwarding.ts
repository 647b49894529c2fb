import { failurePolicyMistake, retryTopicName, type ConfigurationMistake } from '@kafka-worker/engine';
import { deadLetterOf, type Forwarding } from '../runtime/forward-topics.js';
import { show } from '../utils/show.js';
import { topicMistake } from './check-worker-extras.js';

/** A worker that may send failed records elsewhere. @internal */
export interface ForwardingWorker extends Forwarding {
  readonly id: string;
  readonly topics: readonly (string | RegExp)[];
}

/** What is wrong with the topics a worker's failed records are sent to. @internal */
export function checkForwarding({ id, groupId, topics, options }: ForwardingWorker): ConfigurationMistake[] {
  const onFailure = options?.onFailure;
  if (onFailure === undefined || failurePolicyMistake(onFailure) !== undefined) return []; // named already
  const mistakes: ConfigurationMistake[] = [];
  const wrong = (message: string): void => void mistakes.push({ where: id, option: 'onFailure', message });

  const last = deadLetterOf(onFailure);
  if (last) {
    const mistake = topicMistake(last.topic);
    if (mistake !== undefined) wrong(`deadLetter: ${mistake}`);
    // a pattern does not mean it, whatever it matches
    if (topics.includes(last.topic)) {
      wrong(`deadLetter: the worker reads ${show(last.topic)} itself and would get its dead letters again`);
    }
  }
  if (onFailure.type === 'retry-topics') {
    for (const topic of topics) {
      // of a pattern at least the group is known
      const source = typeof topic === 'string' ? topic : 'topic';
      const mistake = topicMistake(retryTopicName(source, groupId, Math.max(...onFailure.delaysMs)));
      if (mistake !== undefined && topicMistake(source) === undefined)
        wrong(`retryTopics: ${mistake}; it is made of the topic, the group and the delay`);
    }
  }
  return mistakes;
}
