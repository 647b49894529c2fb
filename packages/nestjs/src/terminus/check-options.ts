import type { ConfigurationMistake } from '@kafka-worker/engine';
import type { ConnectionView } from './connection-view.js';
import type { LaggingOptions, LivenessOptions } from './health-options.js';

/** Everything that checks may be asked with. */
export type AnyHealthOptions = LivenessOptions & LaggingOptions;

/** Everything that is wrong with what a check was asked with. */
export function checkHealthOptions(
  views: readonly ConnectionView[],
  options: AnyHealthOptions,
  where: string,
): ConfigurationMistake[] {
  const mistakes: ConfigurationMistake[] = [];
  const wrong = (option: string, message: string): void => void mistakes.push({ where, option, message });
  const bound = (option: string, value: unknown, least: number): void => {
    if (value === undefined || (typeof value === 'number' && value >= least)) return;
    wrong(option, `${String(value)} is not allowed; a number of ${least} or more, or Infinity, is`);
  };
  const { connection, workers = {} } = options;
  if (views.length === 0) {
    mistakes.push({ where, message: 'there is no connection to look at; import KafkaWorkerModule' });
  } else if (connection !== undefined && !views.some((view) => view.connection === connection)) {
    wrong(
      'connection',
      `there is no connection '${connection}'; there is ${list(views.map((view) => view.connection))}`,
    );
  }
  for (const option of ['stallMs', 'loopMs', 'restartMs'] as const) bound(option, options[option], 1);
  for (const option of ['maxLag', 'maxAgeMs'] as const) bound(option, options[option], 0);
  const known = views.flatMap((view) => view.workers.map(({ id }) => id));
  for (const [id, stallMs] of Object.entries(workers)) {
    bound(`workers['${id}']`, stallMs, 1);
    if (!known.includes(id)) wrong('workers', `there is no worker '${id}'; there is ${list(known)}`);
  }
  return mistakes;
}

function list(names: readonly string[]): string {
  return names.length === 0 ? 'none' : names.map((name) => `'${name}'`).join(', ');
}
