import { checkWorkerOptions, type ConfigurationMistake, type StartPolicy } from '@kafka-worker/engine';
import type { AssignmentStrategy } from '@kafka-worker/kafkajs';
import type { KafkaWorkerModuleOptions } from '../interfaces/module-options.interface.js';
import { isRecord, show } from '../utils/show.js';
import { checkWorkerExtras } from './check-worker-extras.js';
import {
  CLIENT_NAMES,
  CONSUMER_NAMES,
  MODULE_NAMES,
  PRODUCER_NAMES,
  SUBSCRIBE_NAMES,
  TRANSPORT_KAFKA_HINTS,
} from './option-names.js';

const DEFAULT_REBALANCE_TIMEOUT_MS = 60_000;
const START_POLICIES: readonly StartPolicy[] = ['beginning', 'latest', 'none'];
const STRATEGIES: readonly AssignmentStrategy[] = ['range', 'round-robin', 'sticky', 'cooperative'];

/** Everything that is wrong with the options of a connection. @internal */
export function checkModuleOptions(
  given: unknown,
  connection: string,
  needsBrokers: boolean = true,
): ConfigurationMistake[] {
  const where = `KafkaWorkerModule${connection === 'default' ? '' : ` "${connection}"`}`;
  if (!isRecord(given)) return [{ where, message: `${show(given)} is not allowed; an object with options is` }];
  const options = given as KafkaWorkerModuleOptions;
  const mistakes: ConfigurationMistake[] = [];
  const wrong = (option: string, message: string): void => void mistakes.push({ where, option, message });

  const names = (
    path: string,
    value: unknown,
    allowed: readonly string[],
    hints: Record<string, string> = {},
  ): void => {
    if (value === undefined) return;
    if (!isRecord(value)) return wrong(path, `${show(value)} is not allowed; an object is`);
    for (const name of Object.keys(value)) {
      if (allowed.includes(name)) continue;
      const hint = hints[name] ?? `allowed are ${allowed.join(', ')}`;
      wrong(path === '' ? name : `${path}.${name}`, `there is no such option; ${hint}`);
    }
  };
  const whole = (path: string, value: unknown, least: number): void => {
    if (value === undefined || (Number.isInteger(value) && (value as number) >= least)) return;
    wrong(path, `${show(value)} is not allowed; a whole number of ${least} or more is`);
  };
  const flag = (path: string, value: unknown): void => {
    if (value !== undefined && typeof value !== 'boolean')
      wrong(path, `${show(value)} is not allowed; true or false is`);
  };

  names('', options, MODULE_NAMES, TRANSPORT_KAFKA_HINTS);
  names('client', options.client, CLIENT_NAMES);
  names('consumer', options.consumer, CONSUMER_NAMES);
  names('producer', options.producer, PRODUCER_NAMES);
  names('subscribe', options.subscribe, SUBSCRIBE_NAMES);
  names('rebalance', options.rebalance, ['strategy', 'timeoutMs']);
  names('shutdown', options.shutdown, ['graceMs', 'forceMs']);
  names('parser', options.parser, ['keepBinary']);

  if (needsBrokers) checkDriver(options, wrong);
  const groupId: unknown = options.consumer?.groupId;
  if (groupId !== undefined && (typeof groupId !== 'string' || groupId === '')) {
    wrong('consumer.groupId', `${show(groupId)} is not allowed; a text that is not empty is`);
  }
  checkAssignment(options, wrong);
  whole('consumer.sessionTimeout', options.consumer?.sessionTimeout, 1);
  whole('consumer.rebalanceTimeout', options.consumer?.rebalanceTimeout, 1);
  whole('maxConcurrency', options.maxConcurrency, 1);
  whole('shutdown.graceMs', options.shutdown?.graceMs, 0);
  whole('shutdown.forceMs', options.shutdown?.forceMs, 0);
  checkSubscribe(options, wrong);
  checkInstrumentation(options, wrong);
  if (options.ownershipCheckMs !== false) whole('ownershipCheckMs', options.ownershipCheckMs, 1);
  flag('subscribe.fromBeginning', options.subscribe?.fromBeginning);
  flag('subscribe.allowAutoTopicCreation', options.subscribe?.allowAutoTopicCreation);
  flag('parser.keepBinary', options.parser?.keepBinary);
  flag('autoStart', options.autoStart);
  if (options.postfixId !== undefined && typeof options.postfixId !== 'string') {
    wrong('postfixId', `${show(options.postfixId)} is not allowed; a text is`);
  }
  checkRebalance(options, wrong, whole);
  if (options.worker !== undefined) {
    if (isRecord(options.worker)) mistakes.push(...checkDefaults(options.worker, where));
    else wrong('worker', `${show(options.worker)} is not allowed; an object with worker options is`);
  }
  return mistakes;
}

type Wrong = (option: string, message: string) => void;

function checkDriver({ driver, client }: KafkaWorkerModuleOptions, wrong: Wrong): void {
  if (driver !== undefined) {
    const isDriver =
      typeof driver === 'function' || (isRecord(driver) && typeof driver['createConsumer'] === 'function');
    if (!isDriver) wrong('driver', `${show(driver)} is not allowed; a KafkaDriver or a function that makes one is`);
    return;
  }
  const brokers: unknown = client?.brokers;
  if (typeof brokers === 'function') return;
  const isList =
    Array.isArray(brokers) && brokers.length > 0 && brokers.every((b) => typeof b === 'string' && b !== '');
  if (!isList) wrong('client.brokers', `${show(brokers)} is not allowed; a list of host:port with at least one is`);
}

/** The driver's own words are not asked for: kafkajs is loaded only where it is used. */
function checkAssignment({ consumer }: KafkaWorkerModuleOptions, wrong: Wrong): void {
  const assignment: unknown = consumer?.assignment;
  if (assignment === undefined) return;
  const list: readonly unknown[] = Array.isArray(assignment) ? assignment : [assignment];
  const isList = list.length > 0 && list.every((name) => STRATEGIES.some((known) => known === name));
  const path = 'consumer.assignment';
  if (!isList) {
    const names = STRATEGIES.map((name) => `'${name}'`).join(', ');
    wrong(path, `${show(assignment)} is not allowed; one of ${names}, or a list of them with at least one, is`);
  } else if (new Set(list).size < list.length) wrong(path, 'names a strategy twice; the order is that of preference');
  if (consumer?.partitionAssigners !== undefined) {
    wrong(path, 'stands beside "partitionAssigners"; both say how partitions are shared out, leave one out');
  }
}

function checkSubscribe({ subscribe }: KafkaWorkerModuleOptions, wrong: Wrong): void {
  const { startFrom, fromBeginning, maxRewind } = subscribe ?? {};
  if (startFrom !== undefined && !START_POLICIES.includes(startFrom)) {
    wrong('subscribe.startFrom', `${show(startFrom)} is not allowed; one of 'beginning', 'latest', 'none' is`);
  }
  if (startFrom !== undefined && fromBeginning !== undefined) {
    wrong('subscribe.fromBeginning', 'stands beside "startFrom"; both say where a group starts, leave one out');
  }
  const isCount = maxRewind === Infinity || (Number.isInteger(maxRewind) && (maxRewind as number) >= 0);
  if (maxRewind !== undefined && !isCount) {
    wrong('subscribe.maxRewind', `${show(maxRewind)} is not allowed; a whole number of 0 or more, or Infinity, is`);
  }
}

function checkInstrumentation({ instrumentation }: KafkaWorkerModuleOptions, wrong: Wrong): void {
  const given: unknown = instrumentation;
  if (given === undefined) return;
  if (Array.isArray(given) && given.every(isRecord)) return;
  wrong('instrumentation', `${show(given)} is not allowed; a list of objects, as [new KafkaTracingInterceptor()], is`);
}

function checkRebalance(
  { rebalance, consumer }: KafkaWorkerModuleOptions,
  wrong: Wrong,
  whole: (path: string, value: unknown, least: number) => void,
): void {
  const strategy: unknown = rebalance?.strategy;
  if (strategy !== undefined && strategy !== 'drain' && strategy !== 'commit-completed') {
    wrong('rebalance.strategy', `${show(strategy)} is not allowed; 'drain' or 'commit-completed' is`);
  }
  whole('rebalance.timeoutMs', rebalance?.timeoutMs, 0);
  const bound = consumer?.rebalanceTimeout ?? DEFAULT_REBALANCE_TIMEOUT_MS;
  if (rebalance?.timeoutMs !== undefined && rebalance.timeoutMs >= bound) {
    wrong(
      'rebalance.timeoutMs',
      `${rebalance.timeoutMs} is not allowed; it must be less than consumer.rebalanceTimeout (${bound}), or the broker ` +
        'moves the partitions while they are still drained',
    );
  }
}

function checkDefaults(worker: object, where: string): ConfigurationMistake[] {
  // orderBy needs 'key', which each worker may say for itself; workers are checked with these defaults filled in.
  const alone = 'orderBy' in worker && !('concurrency' in worker) ? { ...worker, concurrency: 'key' as const } : worker;
  return [...checkWorkerOptions(alone, where, ['deserializer', 'schema']), ...checkWorkerExtras(alone, where)].map(
    (mistake) => (mistake.option ? { ...mistake, option: `worker.${mistake.option}` } : mistake),
  );
}
