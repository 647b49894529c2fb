import type { ConfigurationMistake } from '@kafka-worker/engine';
import type { KafkaWorkerOptions } from '../interfaces/worker-options.interface.js';
import { asList } from '../utils/as-list.js';
import { isRecord, show } from '../utils/show.js';

const LEGAL_TOPIC = /^[a-zA-Z0-9._-]{1,249}$/;

/** What is wrong with the options that the engine does not know. @internal */
export function checkWorkerExtras(options: KafkaWorkerOptions, where: string): ConfigurationMistake[] {
  const mistakes: ConfigurationMistake[] = [];
  const wrong = (option: string, message: string): void => void mistakes.push({ where, option, message });

  if (options.topic !== undefined && options.topics !== undefined) {
    wrong('topics', 'stands beside "topic"; both mean the same, leave one out');
  }
  for (const name of ['topic', 'topics'] as const) {
    const given = options[name];
    if (Array.isArray(given) && given.length === 0) wrong(name, '[] names no topic');
    for (const topic of asList<string | RegExp>(given)) {
      const message = topicMistake(topic);
      if (message) wrong(name, message);
    }
  }
  for (const name of ['groupId', 'name'] as const) {
    const value: unknown = options[name];
    if (value !== undefined && (typeof value !== 'string' || value === '')) {
      wrong(name, `${show(value)} is not allowed; a text that is not empty is`);
    }
  }
  const { deserializer, schema } = options;
  if (
    deserializer !== undefined &&
    typeof (deserializer as { deserialize?: unknown } | null)?.deserialize !== 'function'
  ) {
    wrong('deserializer', `${show(deserializer)} is not allowed; an object with deserialize(value, options) is`);
  }
  if (schema !== undefined) {
    const standard: unknown = (schema as { '~standard'?: unknown } | null)?.['~standard'];
    if (!isRecord(standard) || typeof standard['validate'] !== 'function') {
      wrong('schema', 'is not a Standard Schema; an object with "~standard" is (zod, valibot, arktype, …)');
    }
  }
  return mistakes;
}

/** Why something cannot be a topic; undefined if it can. @internal */
export function topicMistake(topic: unknown): string | undefined {
  if (topic instanceof RegExp) return undefined;
  if (typeof topic !== 'string') return `${show(topic)} is not a topic; a name or a RegExp is`;
  if (LEGAL_TOPIC.test(topic) && topic !== '.' && topic !== '..') return undefined;
  return `${show(topic)} is not a topic name; letters, digits, '.', '_' and '-' are allowed, 249 at most`;
}
