import type { KafkaDriver } from '@kafka-worker/engine';
import type { Logger } from '@nestjs/common';
import type { KafkaWorkerModuleOptions } from '../interfaces/module-options.interface.js';

/** The driver of a connection: the one given, or kafkajs, which is loaded only then. @internal */
export async function createDriver(options: KafkaWorkerModuleOptions, logger: Logger): Promise<KafkaDriver> {
  const { driver, client, consumer, producer } = options;
  if (typeof driver === 'function') return driver();
  if (driver) return driver;
  const { kafkajsDriver } = await import('@kafka-worker/kafkajs');
  // The engine has these; the rest is kafkajs' own.
  const { groupId: _g, sessionTimeout: _s, rebalanceTimeout: _r, assignment, ...overrides } = consumer ?? {};
  return kafkajsDriver({
    client: client as NonNullable<typeof client>, // checked
    consumer: overrides,
    ...(assignment !== undefined && { assignment }),
    ...(producer && { producer }),
    log: (level, message) => {
      if (level === 'error') logger.error(message);
      else if (level === 'warn') logger.warn(message);
      else if (level === 'info') logger.log(message);
      else logger.debug(message);
    },
  });
}
