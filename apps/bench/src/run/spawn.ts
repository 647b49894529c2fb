import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Answer, Job, RunResult } from './job.js';

const CHILD = fileURLToPath(new URL('./child.js', import.meta.url));
/** How much of what a child wrote stands in the message when it fails. */
const TAIL_CHARS = 4000;

export interface SpawnOptions {
  readonly timeoutMs: number;
  /** Folder for a CPU profile. */
  readonly profile: string | undefined;
  /** Name of the profile. */
  readonly name: string;
}

/** Runs a job in a fresh process. @throws Error with what the child wrote, where it fails or takes too long. */
export function spawnRun(job: Job, { timeoutMs, profile, name }: SpawnOptions): Promise<RunResult> {
  const execArgv =
    profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`, `--cpu-prof-name=${name}.cpuprofile`];
  const child = fork(CHILD, { execArgv, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
  let written = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => (written = (written + text).slice(-TAIL_CHARS)));
  }
  return new Promise((resolve, reject) => {
    let answer: Answer | undefined;
    const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
    child.once('message', (message) => (answer = message as Answer));
    child.once('error', reject);
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      if (answer?.ok === true) return resolve(answer.result);
      const why = answer?.error ?? `it ended with ${signal ?? code ?? 'nothing'} (bound: ${timeoutMs / 1000} s)`;
      reject(new Error(`${job.kind} (${job.order}): ${why}\n${written}`.trimEnd()));
    });
    child.send(job);
  });
}
