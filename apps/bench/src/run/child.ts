import { Checker } from '../meter/checker.js';
import { Meter } from '../meter/meter.js';
import { makeWork } from '../meter/work.js';
import { loadSubject } from '../subjects/index.js';
import type { Answer, Job, RunResult } from './job.js';

/** A checked run waits so long for records that come again. Milliseconds. */
const LATE_MS = 1000;

/** One run in a process of its own: takes a job, answers with what was measured, ends. */
async function run(job: Job): Promise<RunResult> {
  const meter = new Meter(job.records);
  const checker = job.verify ? new Checker(job.order, job.perPartition) : undefined;
  const { delayMs, hottestKey } = job;
  const subject = await loadSubject(job.kind);
  const running = await subject(job, (locate) => makeWork({ meter, checker, delayMs, hottestKey }, locate));
  await meter.done;
  if (checker !== undefined) await new Promise((resolve) => setTimeout(resolve, LATE_MS));
  await running.stop();
  return resultOf(meter, checker, running.committedAt?.());
}

function resultOf(meter: Meter, checker: Checker | undefined, committedAt: number | undefined): RunResult {
  const stoppedAt = performance.now();
  const { first, last } = meter;
  if (first === undefined || last === undefined) throw new Error('the meter has seen no record');
  if (meter.count !== meter.total) throw new Error(`${meter.count} records were handled, ${meter.total} were produced`);
  const handledMs = last.at - first.at;
  const cpuMs = last.cpuMs - first.cpuMs;
  return {
    records: meter.total,
    handledMs,
    committedMs: committedAt === undefined ? undefined : committedAt - first.at,
    startMs: first.at,
    stopMs: stoppedAt - last.at,
    handlerMs: meter.handlerMs / meter.total,
    hottestKeyMs: meter.hottestKeyCount === 0 ? undefined : meter.hottestKeyMs / meter.hottestKeyCount,
    cpuMs,
    otherCores: Math.max(0, last.machineMs - first.machineMs - cpuMs) / handledMs,
    rssMb: process.resourceUsage().maxRSS / 1024,
    findings: checker?.findings(),
  };
}

async function answer(job: Job): Promise<Answer> {
  try {
    return { ok: true, result: await run(job) };
  } catch (error) {
    return { ok: false, error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

process.once('message', (job: Job) => {
  // a subject that holds nothing open would otherwise end the process without a word
  process.channel?.ref();
  void answer(job).then((message) => process.send?.(message, () => process.exit(0)));
});
