import { replayDeadLetters } from '../replay-dead-letters.js';
import type { ReplayEvent } from '../replay/events.js';
import type { ReplayReport, ReplayTotals } from '../replay/report.js';
import { given, type ReplayCommand } from './command.js';
import { connect } from './connection.js';
import { EXIT_CODES, type ExitCode } from './exit-codes.js';
import { every } from './every.js';
import { countText, jsonLine, lettersText, printable } from './text.js';
import type { World } from './world.js';

/** How often a line says where the run stands. Milliseconds. */
const PROGRESS_MS = 1_000;

/** Runs `replay`. @throws UsageError, and what `replayDeadLetters` throws */
export async function replay(command: ReplayCommand, world: World): Promise<ExitCode> {
  const { topic, filter, limit, again, execute, to, ratePerSecond, requestRecords } = command;
  const { sessionTimeoutMs, silenceMs } = command;
  const driver = await connect(command, world);
  const { clock, signal } = world;
  let totals: ReplayTotals | undefined;
  const onProgress = (event: ReplayEvent): void => {
    totals = event.totals;
    if (command.json) for (const line of jsonOf(event, execute)) void world.out(line);
    else if (event.type === 'left' && event.reason === 'foreign') {
      world.err(`${event.letter.partition}/${event.letter.offset} is foreign: it does not say where it came from`);
    }
  };
  const progress = every(clock, PROGRESS_MS, () => totals && world.err(progressText(totals, execute)));
  let report: ReplayReport;
  try {
    report = await replayDeadLetters({
      driver,
      topic,
      filter,
      again,
      clock,
      signal,
      onProgress,
      dryRun: !execute,
      ...given({ limit, to, ratePerSecond, requestRecords, sessionTimeoutMs, silenceMs }),
    });
  } finally {
    progress.stop();
  }
  await world.out(command.json ? jsonLine({ type: 'report', ...report }) : reportText(report));
  if (report.outcome === 'stopped') return EXIT_CODES.stopped;
  return report.problems.length > 0 ? EXIT_CODES.incomplete : EXIT_CODES.ok;
}

function jsonOf(event: ReplayEvent, execute: boolean): string[] {
  switch (event.type) {
    case 'sent':
      return event.letters.map(({ letter, to }) => jsonLine({ type: execute ? 'sent' : 'would-send', letter, to }));
    case 'left':
      return [jsonLine({ type: 'left', reason: event.reason, letter: event.letter })];
    case 'problem':
      return [jsonLine({ type: 'problem', problem: event.problem })];
    case 'read':
      return [];
  }
}

function progressText(totals: ReplayTotals, execute: boolean): string {
  return `${countText(totals.read)} read, ${countText(totals.sent)} ${execute ? 'sent' : 'to send'}${restText(totals)}`;
}

function reportText(report: ReplayReport): string {
  const { topic, dryRun, outcome, totals, targets, partitions, problems } = report;
  const lines = [`${dryRun ? 'would send' : 'sent'} ${lettersText(totals.sent)} of ${topic}${restText(totals)}`];
  for (const { topic: target, partition, records } of targets) {
    lines.push(`  ${target}/${partition ?? '(by key)'}  ${countText(records)}`);
  }
  for (const { partition, silentFrom, end } of partitions) {
    if (silentFrom !== undefined)
      lines.push(`partition ${partition}: no record from ${silentFrom} to its end at ${end}`);
  }
  for (const { message } of problems) lines.push(`! ${printable(message)}`);
  if (outcome === 'stopped' || outcome === 'failed') {
    lines.push(outcome === 'stopped' ? 'stopped; a later run goes on here:' : 'failed; a later run goes on here:');
    for (const { partition, frontier, end } of partitions) {
      lines.push(`  partition ${partition}: everything below ${frontier} is replayed, its end was ${end}`);
    }
  }
  if (outcome === 'limit') lines.push('stopped at the limit; there may be more');
  if (dryRun && totals.sent > 0) lines.push('nothing was sent: add --execute to send');
  return lines.join('\n');
}

/** Why not everything that matches was sent. */
function restText({ alreadyReplayed, foreign, topicMissing, refused }: ReplayTotals): string {
  return [
    [alreadyReplayed, 'replayed before'],
    [foreign, 'foreign'],
    [topicMissing, 'without their topic'],
    [refused, 'refused'],
  ]
    .filter(([count]) => count !== 0)
    .map(([count, what]) => `, ${countText(count as number)} ${what}`)
    .join('');
}
