#!/usr/bin/env node
import { once } from 'node:events';
import { systemClock } from '@kafka-worker/engine';
import { kafkajsDriver } from '@kafka-worker/kafkajs';
import { runCommand } from './cli/run-command.js';

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  // Once: the second one ends the process at once.
  process.once(signal, () => {
    process.stderr.write('stopping after the request under way; once more ends at once\n');
    stop.abort();
  });
}
// Whoever read the output has gone, as `head` does.
process.stdout.on('error', () => stop.abort());

process.exitCode = await runCommand(process.argv.slice(2), {
  env: process.env,
  clock: systemClock,
  signal: stop.signal,
  out: async (line) => {
    if (stop.signal.aborted && process.stdout.destroyed) return;
    if (!process.stdout.write(`${line}\n`)) await Promise.race([once(process.stdout, 'drain'), aborted(stop.signal)]);
  },
  err: (line) => process.stderr.write(`${line}\n`),
  driver: kafkajsDriver,
});

function aborted(signal: AbortSignal): Promise<unknown> {
  return signal.aborted ? Promise.resolve() : once(signal, 'abort');
}
