import type { Worker } from '../worker.js';

/** Which worker of a group a topic belongs to. */
export class TopicRouter {
  readonly #byTopic = new Map<string, Worker>();

  constructor(workers: readonly Worker[]) {
    for (const worker of workers) for (const topic of worker.topics) this.#byTopic.set(topic, worker);
  }

  /** The worker that reads the topic. Undefined: none of this process. */
  workerOf(topic: string): Worker | undefined {
    return this.#byTopic.get(topic);
  }
}

/** True where a subscription covers a topic. */
export function matches(pattern: string | RegExp, topic: string): boolean {
  if (typeof pattern === 'string') return pattern === topic;
  pattern.lastIndex = 0; // a `g` or `y` flag would make every other answer wrong
  return pattern.test(topic);
}
