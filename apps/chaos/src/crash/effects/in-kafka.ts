import { transactional } from '@kafka-worker/engine';
import { nameOf } from '../../ledger.js';
import type { Gate } from '../gate.js';
import { gatedHandler, type Setup } from './setup.js';

/** Exactly once from Kafka to Kafka: an effect is a record with the input's name and key. */
export function inKafka(output: string, gate: Gate): Setup {
  return {
    worker: { delivery: transactional() },
    commits: false,
    handle: gatedHandler(gate, (delivery) => {
      const { record } = delivery;
      const headers = { by: String(process.pid) };
      delivery.send({ topic: output, key: record.key, value: nameOf(record), headers });
    }),
  };
}
