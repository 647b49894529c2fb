import { KafkaWorkerError, WorkerEngine, type EngineEventListener } from '@kafka-worker/engine';
import { kafkajsDriver } from '@kafka-worker/kafkajs';
import { setUp } from './effects/setups.js';
import { gatedDriver } from './gated-driver.js';
import { gatedWire } from './gated-wire.js';
import type { Gate } from './gate.js';
import { LIMIT, type CrashMemberOptions } from './member-options.js';

/** As short as the cluster of the tests allows without losing members on a busy machine: what a kill costs. Milliseconds. */
const SESSION_MS = 2_000;
const REBALANCE_MS = 10_000;

/** An engine and what it works with. */
export interface Running {
  /** As of the engine; one whose store is away is refused, and another one has to be made. */
  start(): Promise<void>;
  /** Drains and closes everything. Never rejects. */
  end(): Promise<void>;
}

/** An engine with gates all around it. */
export function makeEngine(options: CrashMemberOptions, gate: Gate, listener: EngineEventListener): Running {
  const { id, brokers, topic, groupId, assignment } = options;
  const setup = setUp(options, gate);
  const driver = kafkajsDriver({
    client: { clientId: id, brokers: [...brokers], socketFactory: gatedWire(gate) },
    ...(assignment && { assignment }),
  });
  const engine = new WorkerEngine({
    driver: gatedDriver(driver, gate, setup),
    sessionTimeoutMs: SESSION_MS,
    rebalanceTimeoutMs: REBALANCE_MS,
  });
  engine.on(listener);
  engine.add({
    id: 'crash',
    groupId,
    topics: [topic],
    options: { concurrency: 'key', limit: LIMIT, ...setup.worker },
    handle: setup.handle,
  });
  return {
    start: () => engine.start(),
    end: async () => {
      await engine.drain();
      await setup.end?.().catch(() => undefined);
    },
  };
}

/** A store that could not be opened may be there the next time. */
export function isStoreAway(error: unknown): boolean {
  return KafkaWorkerError.is(error) && error.code === 'STORE_FAILED';
}
