// A process that is one member of a group and there to be killed: node member.js '<CrashMemberOptions as JSON>'. Stops
// where its supervisor says and tells it so; SIGTERM drains it.
import type { EngineEvent } from '@kafka-worker/engine';
import { Gate } from './gate.js';
import type { CrashMemberOptions } from './member-options.js';
import type { Order, Report } from './messages.js';
import { isStoreAway, makeEngine, type Running } from './running.js';
import { troubleOf } from './trouble.js';

const options = JSON.parse(process.argv[2] ?? '{}') as CrashMemberOptions;

/** Settles when everything told so far has reached the supervisor. */
let told: Promise<void> = Promise.resolve();
let running: Running;
let ending = false;

function tell(report: Report): void {
  told = new Promise((resolve) => process.send?.(report, undefined, undefined, () => resolve()));
}

function reportOf(event: EngineEvent): Report | undefined {
  if (event.type === 'group.rebalanced') {
    const { assigned, kept } = event;
    return { type: 'owns', partitions: [...assigned, ...kept].map(({ partition }) => partition) };
  }
  if (event.type === 'commit.succeeded') return { type: 'commits' };
  if (event.type === 'drain.started' && event.cause === 'shutdown') return { type: 'draining', running: event.running };
  const text = troubleOf(event);
  return text === undefined ? undefined : { type: 'trouble', text };
}

const gate = new Gate(tell);
if (options.hold !== undefined) gate.arm(options.hold);
process.on('message', (order: Order) => (order.type === 'hold' ? gate.arm(order) : gate.release()));

/** Until it works, as whoever runs a process would start it again. */
async function start(): Promise<void> {
  for (;;) {
    running = makeEngine(options, gate, (event) => {
      const report = reportOf(event);
      if (report !== undefined) tell(report);
    });
    try {
      return await running.start();
    } catch (error) {
      if (!isStoreAway(error) || ending) throw error;
      tell({ type: 'trouble', text: `did not start: ${(error as Error).message}` });
      await running.end();
    }
  }
}

async function end(): Promise<void> {
  ending = true;
  await running.end();
  await told;
  process.exit(0);
}

process.once('SIGTERM', () => void end());
// Whoever started us is gone: nobody would ever end us.
process.once('disconnect', () => process.exit(1));

await start();
