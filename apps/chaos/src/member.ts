// A process that is one member of a group: node member.js '<MemberOptions as JSON>'. Tells its parent what happens;
// SIGTERM drains it. Without a parent it prints the events and goes on until it is told to end.
import { buildEngine } from './build-engine.js';
import type { HandlerEvent, HandOverEvent, ToldByEngine } from './events.js';
import type { MemberOptions } from './member-options.js';

const options = JSON.parse(process.argv[2] ?? process.env['CHAOS_MEMBER'] ?? '{}') as MemberOptions;

/** Settles when everything told so far has reached the parent. */
let told: Promise<void> = Promise.resolve();

function tell(event: HandlerEvent | HandOverEvent | ToldByEngine): void {
  const line = { member: options.id, pid: process.pid, ...event };
  if (process.send === undefined) console.log(JSON.stringify(line));
  else told = new Promise((resolve) => process.send?.(line, undefined, undefined, () => resolve()));
}

const engine = buildEngine(options, tell);

async function end(): Promise<void> {
  await engine.drain();
  await told;
  process.exit(0);
}

process.once('SIGTERM', () => void end());
// Whoever started us is gone: nobody would ever end us.
process.once('disconnect', () => process.exit(1));

await engine.start();
