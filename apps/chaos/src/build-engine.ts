import { fixed, WorkerEngine } from '@kafka-worker/engine';
import { kafkajsDriver } from '@kafka-worker/kafkajs';
import { now } from './clock.js';
import { plainEvent, type HandlerEvent, type HandOverEvent, type ToldByEngine } from './events.js';
import { chaosHandler } from './handler.js';
import type { MemberOptions } from './member-options.js';
import { watchedDriver } from './watched-driver.js';

/** An engine with one worker that does what the options say; everything that happens is told. Not started yet. */
export function buildEngine(
  options: MemberOptions,
  tell: (event: HandlerEvent | HandOverEvent | ToldByEngine) => void,
): WorkerEngine {
  const { id, brokers, topic, groupId, retry, assignment, heartbeatMs } = options;
  const driver = kafkajsDriver({
    client: { clientId: id, brokers: [...brokers] },
    ...(assignment && { assignment }),
    ...(heartbeatMs !== undefined && { consumer: { heartbeatInterval: heartbeatMs } }),
  });
  const engine = new WorkerEngine({
    driver: options.watched === true ? watchedDriver(driver, tell) : driver,
    ...options.engine,
  });
  engine.on((event) => {
    const plain = plainEvent(event);
    if (plain !== undefined) tell({ type: 'engine', at: now(), event: plain });
  });
  engine.add({
    id,
    groupId,
    topics: [topic],
    options: {
      ...options.worker,
      ...(retry === undefined ? {} : { retry: { attempts: retry.attempts, backoff: fixed(retry.backoffMs) } }),
    },
    handle: chaosHandler(options.handler, tell),
  });
  return engine;
}
