import {
  failurePolicyMistake,
  retryTopicName,
  type ConfigurationMistake,
  type FailurePolicy,
} from '@kafka-worker/engine';
import { show } from '../utils/show.js';
import { topicMistake } from './check-worker-extras.js';

/** What of a worker decides where its failed records go. @internal */
export interface Forwarding {
  readonly id: string;
  readonly groupId: string;
  readonly topics: readonly (string | RegExp)[];
  readonly options: { readonly onFailure?: FailurePolicy };
}

/** What is wrong with the topics a worker's failed records are sent to. @internal */
export function checkForwarding({ id, groupId, topics, options }: Forwarding): ConfigurationMistake[] {
  const { onFailure } = options;
  if (onFailure === undefined || failurePolicyMistake(onFailure) !== undefined) return []; // named already
  const mistakes: ConfigurationMistake[] = [];
  const wrong = (message: string): void => void mistakes.push({ where: id, option: 'onFailure', message });
  const last = onFailure.type === 'retry-topics' ? onFailure.then : onFailure;

  if (last.type === 'dead-letter') {
    const mistake = topicMistake(last.topic);
    if (mistake !== undefined) wrong(`deadLetter: ${mistake}`);
    const source = topics.find((topic) => reads(topic, last.topic));
    if (source !== undefined) {
      wrong(
        `deadLetter: the worker reads ${show(last.topic)} itself (topic ${show(source)}) and would get its dead letters again`,
      );
    }
  }
  if (onFailure.type === 'retry-topics') {
    for (const topic of topics) {
      if (typeof topic !== 'string' || topicMistake(topic) !== undefined) continue;
      const name = retryTopicName(topic, groupId, Math.max(...onFailure.delaysMs)); // the longest of them
      if (topicMistake(name) !== undefined) {
        wrong(`retryTopics: ${topicMistake(name)}; it is made of the topic, the group and the delay`);
      }
    }
  }
  return mistakes;
}

function reads(subscribed: string | RegExp, topic: string): boolean {
  return typeof subscribed === 'string' ? subscribed === topic : subscribed.test(topic);
}
