// Makes a fresh clone runnable: installs what the lockfile names and compiles, each only when something has changed.
// Uses nothing but Node, since at first there is nothing else.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The top of the repository. */
export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

const STAMP = join(root, 'node_modules', '.installed-lockfile');

/** Installs when the lockfile is not the one that was installed last. */
export function ensureInstalled() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    console.error(`Node ${process.versions.node} is too old; 20.19 or newer is needed.`);
    process.exit(1);
  }
  const hash = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === hash) return;
  console.error('Installing dependencies (once per lockfile) …');
  run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']);
  writeFileSync(STAMP, hash);
}

/** Compiles these projects and what they refer to; a second when nothing has changed. */
export function ensureBuilt(...projects) {
  ensureInstalled();
  run(process.execPath, [createRequire(join(root, 'package.json')).resolve('typescript/bin/tsc'), '-b', ...projects]);
}

/** Runs a command to its end; ends this process with its exit code where that is not 0. */
export function run(command, args, options = {}) {
  const { status, signal, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit', ...options });
  if (error) throw error;
  if (status !== 0) {
    if (signal) console.error(`${command} ended by ${signal}`);
    process.exit(status ?? 1);
  }
}
