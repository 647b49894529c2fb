import type { ConfigurationMistake } from '../errors/configuration.error.js';
import { checkWorkerOptions } from './compile-options.js';
import type { EngineOptions, WorkerDefinition } from './engine-options.js';

const DEFAULT_REBALANCE_TIMEOUT_MS = 60_000;
const START_POLICIES: readonly string[] = ['beginning', 'latest', 'none'];

/** Everything that is wrong with an engine and its workers, as far as it can be seen without asking a broker. */
export function checkEngine(options: EngineOptions, workers: readonly WorkerDefinition[]): ConfigurationMistake[] {
  return [
    ...checkOptions(options),
    ...workers.flatMap(checkWorker),
    ...checkOverlaps(workers),
    ...workers.flatMap((worker) => checkDriver(options, worker)),
  ];
}

/** What a worker needs of the driver. */
function checkDriver({ driver }: EngineOptions, { id, options }: WorkerDefinition): ConfigurationMistake[] {
  const delivery = options?.delivery;
  if (typeof delivery !== 'object' || delivery === null || delivery.type !== 'transactional') return [];
  if (driver.capabilities.transactions) return [];
  const message = `transactional() is not allowed: the driver ${driver.name} has no transactions`;
  return [{ where: id, option: 'delivery', message }];
}

function checkOptions(options: EngineOptions): ConfigurationMistake[] {
  const mistakes: ConfigurationMistake[] = [];
  const where = 'engine options';
  const numbers: readonly (readonly [string, number | undefined, number])[] = [
    ['maxConcurrency', options.maxConcurrency, 1],
    ['rebalance.timeoutMs', options.rebalance?.timeoutMs, 0],
    ['shutdown.graceMs', options.shutdown?.graceMs, 0],
    ['shutdown.forceMs', options.shutdown?.forceMs, 0],
    ['sessionTimeoutMs', options.sessionTimeoutMs, 1],
    ['rebalanceTimeoutMs', options.rebalanceTimeoutMs, 1],
    ['ownershipCheckMs', options.ownershipCheckMs, 1],
  ];
  for (const [option, value, least] of numbers) {
    if (value !== undefined && !(Number.isInteger(value) && value >= least)) {
      mistakes.push({ where, option, message: `${value} is not allowed; a whole number of ${least} or more is` });
    }
  }
  const { startFrom, maxRewind } = options;
  if (startFrom !== undefined && !START_POLICIES.includes(startFrom)) {
    const message = `'${String(startFrom)}' is not allowed; 'beginning', 'latest' or 'none' is`;
    mistakes.push({ where, option: 'startFrom', message });
  }
  if (maxRewind !== undefined && maxRewind !== Infinity && !(Number.isInteger(maxRewind) && maxRewind >= 0)) {
    const message = `${String(maxRewind)} is not allowed; a whole number of 0 or more, or Infinity is`;
    mistakes.push({ where, option: 'maxRewind', message });
  }
  const { strategy, timeoutMs } = options.rebalance ?? {};
  if (strategy !== undefined && strategy !== 'drain' && strategy !== 'commit-completed') {
    mistakes.push({
      where,
      option: 'rebalance.strategy',
      message: `'${String(strategy)}' is not allowed; 'drain' or 'commit-completed' is`,
    });
  }
  const bound = options.rebalanceTimeoutMs ?? DEFAULT_REBALANCE_TIMEOUT_MS;
  if (timeoutMs !== undefined && timeoutMs >= bound) {
    const message = `${timeoutMs} is not allowed; it must be less than the group's rebalance timeout of ${bound} ms, or the broker moves the partitions while they are still drained`;
    mistakes.push({ where, option: 'rebalance.timeoutMs', message });
  }
  return mistakes;
}

function checkWorker(worker: WorkerDefinition): ConfigurationMistake[] {
  const mistakes = checkWorkerOptions(worker.options ?? {}, worker.id);
  if (worker.groupId === '')
    mistakes.push({ where: worker.id, option: 'groupId', message: 'is empty; a group is needed' });
  if (worker.topics.length === 0)
    mistakes.push({ where: worker.id, option: 'topics', message: 'names no topic; at least one is needed' });
  return mistakes;
}

/** One record of a group goes to one worker: two of them on a topic could not share its offset. */
function checkOverlaps(workers: readonly WorkerDefinition[]): ConfigurationMistake[] {
  const mistakes: ConfigurationMistake[] = [];
  const seen = new Map<string, WorkerDefinition>();
  const ids = new Set<string>();
  for (const worker of workers) {
    if (ids.has(worker.id)) mistakes.push({ where: worker.id, message: 'there are two workers of this id' });
    ids.add(worker.id);
    for (const topic of worker.topics) {
      const key = `${worker.groupId}\n${String(topic)}`;
      const other = seen.get(key);
      if (other !== undefined) mistakes.push(overlap(worker, other, String(topic)));
      seen.set(key, worker);
    }
  }
  return mistakes;
}

/** The mistake of two workers of one group on one topic. */
export function overlap(worker: WorkerDefinition, other: WorkerDefinition, topic: string): ConfigurationMistake {
  const message =
    other === worker
      ? `topic '${topic}' is named twice`
      : `topic '${topic}' of group '${worker.groupId}' belongs to ${other.id} already; give one of them another groupId`;
  return { where: worker.id, option: 'topic', message };
}
