import { nameOf } from '../../ledger.js';
import { EffectLog } from '../effect-log.js';
import type { Gate } from '../gate.js';
import { gatedHandler, type Setup } from './setup.js';

/** The two guarantees without any help from outside: effects are lines of a file. */
export function appended(delivery: 'at-most-once' | 'at-least-once', path: string, gate: Gate): Setup {
  const log = new EffectLog(path);
  const handle = gatedHandler(gate, ({ record }) => log.append('effect', nameOf(record)));
  return {
    // One that is dropped shows in what was not done; a cadence has no meaning there.
    worker: { delivery, ...(delivery === 'at-least-once' ? { commit: { intervalMs: 200 } } : {}) },
    commits: true,
    handle: (attempt) => {
      log.append('start', nameOf(attempt.record));
      return handle(attempt);
    },
  };
}
