// A process that is one member of a group and there to be killed: node member.js '<CrashMemberOptions as JSON>'. Stops
// where its supervisor says and tells it so; SIGTERM drains it.
import { WorkerEngine, type EngineEvent } from '@kafka-worker/engine';
import { kafkajsDriver } from '@kafka-worker/kafkajs';
import { setUp } from './effects/setups.js';
import { gatedDriver } from './gated-driver.js';
import { gatedWire } from './gated-wire.js';
import { Gate } from './gate.js';
import { LIMIT, type CrashMemberOptions } from './member-options.js';
import type { Order, Report } from './messages.js';
import { troubleOf } from './trouble.js';

const options = JSON.parse(process.argv[2] ?? '{}') as CrashMemberOptions;

/** Settles when everything told so far has reached the supervisor. */
let told: Promise<void> = Promise.resolve();

function tell(report: Report): void {
  told = new Promise((resolve) => process.send?.(report, undefined, undefined, () => resolve()));
}

function reportOf(event: EngineEvent): Report | undefined {
  if (event.type === 'group.rebalanced') {
    const { assigned, kept } = event;
    return { type: 'owns', partitions: [...assigned, ...kept].map(({ partition }) => partition) };
  }
  if (event.type === 'drain.started' && event.cause === 'shutdown') return { type: 'draining', running: event.running };
  const text = troubleOf(event);
  return text === undefined ? undefined : { type: 'trouble', text };
}

const gate = new Gate(tell);
if (options.hold !== undefined) gate.arm(options.hold);
process.on('message', (order: Order) => (order.type === 'hold' ? gate.arm(order) : gate.release()));

const { id, brokers, topic, groupId } = options;
const setup = setUp(options, gate);
const driver = kafkajsDriver({ client: { clientId: id, brokers: [...brokers], socketFactory: gatedWire(gate) } });
const engine = new WorkerEngine({
  driver: gatedDriver(driver, gate, setup),
  // As short as the cluster of the tests allows without losing members on a busy machine: what a kill costs the group.
  sessionTimeoutMs: 2_000,
  rebalanceTimeoutMs: 10_000,
});
engine.on((event) => {
  const report = reportOf(event);
  if (report !== undefined) tell(report);
});
engine.add({
  id: 'crash',
  groupId,
  topics: [topic],
  options: { concurrency: 'key', limit: LIMIT, ...setup.worker },
  handle: setup.handle,
});

async function end(): Promise<void> {
  await engine.drain();
  await setup.end?.();
  await told;
  process.exit(0);
}

process.once('SIGTERM', () => void end());
// Whoever started us is gone: nobody would ever end us.
process.once('disconnect', () => process.exit(1));

await engine.start();
