import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { KafkaDriver } from '@kafka-worker/engine';
import type { KafkajsDriverOptions } from '@kafka-worker/kafkajs';
import type { CommonOptions } from './command.js';
import { UsageError } from './exit-codes.js';
import type { World } from './world.js';

type ClientOptions = KafkajsDriverOptions['client'];

const DEFAULT_CLIENT_ID = 'kafka-worker-dlq';

/**
 * The driver for what the command line, the config file and the environment say, in this order.
 * @throws UsageError where no brokers are named, or the file is none
 */
export async function connect(command: CommonOptions, world: World): Promise<KafkaDriver> {
  const config: Partial<ClientOptions> = command.config === undefined ? {} : await readConfig(command.config);
  const brokers = brokerList(command.brokers) ?? config.brokers ?? brokerList(world.env['KAFKA_BROKERS'] || undefined);
  if (brokers === undefined) throw new UsageError('no brokers: give --brokers host:port,… or set KAFKA_BROKERS');
  const client: ClientOptions = {
    ...config,
    brokers,
    clientId: command.clientId ?? config.clientId ?? DEFAULT_CLIENT_ID,
  };
  if (!command.verbose) return world.driver({ client });
  return world.driver({
    client,
    log: (level, message, fields) => world.err(`${level} ${message} ${JSON.stringify(fields)}`),
  });
}

function brokerList(text: string | undefined): string[] | undefined {
  if (text === undefined) return undefined;
  const brokers = text
    .split(',')
    .map((broker) => broker.trim())
    .filter((broker) => broker !== '');
  if (brokers.length === 0) throw new UsageError('--brokers is empty; host:port,host:port is allowed');
  return brokers;
}

async function readConfig(file: string): Promise<Partial<ClientOptions>> {
  const path = resolve(file);
  let config: unknown;
  try {
    config = path.endsWith('.json')
      ? JSON.parse(await readFile(path, 'utf8'))
      : ((await import(pathToFileURL(path).href)) as { default?: unknown }).default;
  } catch (error) {
    throw new UsageError(`--config ${file} cannot be read: ${(error as Error).message}`);
  }
  if (typeof config !== 'object' || config === null || Array.isArray(config)) {
    throw new UsageError(`--config ${file} has no client options: export default { ssl, sasl, … }`);
  }
  return config;
}
