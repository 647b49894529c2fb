import { checkWorkerOptions, type ConfigurationMistake } from '@kafka-worker/engine';
import {
  NEST_WORKER_OPTION_NAMES,
  type KafkaWorkerOptions,
  type WorkerDefaults,
} from '../interfaces/worker-options.interface.js';
import { checkWorkerExtras } from './check-worker-extras.js';

/**
 * The module's defaults with the worker's own on top. What belongs together is not mixed, and a default that has no
 * meaning beside the worker's own choice is not meant for it.
 * @internal
 */
export function withDefaults(own: KafkaWorkerOptions, defaults: WorkerDefaults): WorkerDefaults {
  const merged: { -readonly [Name in keyof WorkerDefaults]: WorkerDefaults[Name] } = { ...defaults, ...own };
  // It runs one record at a time.
  if (own.concurrency === 'serial' && own.limit === undefined) delete merged.limit;
  // It commits each record before its handler; nothing else could be said in its place.
  if (own.delivery === 'at-most-once' && own.commit === undefined) delete merged.commit;
  return merged;
}

/** Everything that is wrong with a worker's options, those it has of the module included. @internal */
export function checkWorker(own: KafkaWorkerOptions, defaults: WorkerDefaults, where: string): ConfigurationMistake[] {
  const find = (used: WorkerDefaults): ConfigurationMistake[] =>
    checkWorkerOptions(withDefaults(own, used), where, NEST_WORKER_OPTION_NAMES);
  const mistakes = find(defaults).map((mistake) => {
    const guilty = (Object.keys(defaults) as (keyof WorkerDefaults)[]).filter((name) => {
      const { [name]: _left, ...others } = defaults;
      return !find(others).some(({ option, message }) => option === mistake.option && message === mistake.message);
    });
    if (guilty.length === 0) return mistake;
    const names = guilty.map((name) => `worker.${name}`).join(', ');
    return { ...mistake, message: `${mistake.message} (${names} of the module is at work here)` };
  });
  return [...mistakes, ...checkWorkerExtras(own, where)];
}
