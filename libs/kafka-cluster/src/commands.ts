import { spawn } from 'node:child_process';

/** What a command printed and how it ended; `code` is -1 when it could not be started or died by a signal. */
export interface CommandResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number;
}

/** Runs a command to its end, at most `timeoutMs` (default 5 minutes, then SIGKILL). Never throws: read `code`. */
export async function run(command: string, args: readonly string[], timeoutMs = 300_000): Promise<CommandResult> {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.once('error', (error) => resolve({ stdout, stderr: stderr + error.message, code: -1 }));
    child.once('close', (code) => resolve({ stdout, stderr, code: code ?? -1 }));
  });
}
