import type { Worker } from '../worker.js';

/** Which worker of a group a topic belongs to. */
export class TopicRouter {
  readonly #byTopic = new Map<string, Worker | undefined>();

  constructor(readonly workers: readonly Worker[]) {}

  /** The first worker that names or matches the topic: names win over patterns. */
  workerOf(topic: string): Worker | undefined {
    if (!this.#byTopic.has(topic)) this.#byTopic.set(topic, this.#find(topic));
    return this.#byTopic.get(topic);
  }

  #find(topic: string): Worker | undefined {
    return (
      this.workers.find((worker) => worker.topics.includes(topic)) ??
      this.workers.find((worker) => worker.topics.some((pattern) => matches(pattern, topic)))
    );
  }
}

/** True where a subscription covers a topic. */
export function matches(pattern: string | RegExp, topic: string): boolean {
  if (typeof pattern === 'string') return pattern === topic;
  pattern.lastIndex = 0; // a `g` or `y` flag would make every other answer wrong
  return pattern.test(topic);
}
