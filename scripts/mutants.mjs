// npm run mutants [-- --anew] [part of a name]: plants each bug of scripts/mutants/bugs.mjs and lets the simulator hunt it. Fails
// where one survives. Writes what caught each to docs/planted-bugs.md when all of them ran.
//
// What caught a bug last time is tried first, so that it takes a minute as long as nothing has changed: `--anew` begins
// with seed 1. What catches a bug must be clean without it: else the model is wrong, or the engine is.
//
// Bugs that were real have a history of their own, small enough to read, that must catch them: packages/testing/test/
// simulator/found. Where it is missing it is made.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { bugs } from './mutants/bugs.mjs';
import { ensureInstalled, root, run } from './lib/ready.mjs';

ensureInstalled();
const { bundleSimulator } = await import('./lib/simulator.mjs');

/** `npm test` plays the first 1,500 of these. */
const SEEDS = 10_000;
/** A defect that makes the simulation hang is caught as well. */
const LIMIT_MS = 240_000;

const table = join(root, 'docs/planted-bugs.md');

const { values, positionals } = parseArgs({ options: { anew: { type: 'boolean' } }, allowPositionals: true });
const wanted = positionals.join(' ');
const chosen = bugs.filter(({ name }) => name.includes(wanted));
const caught = new Map();
const waiting = [...chosen];
const clean = await bundleSimulator('no-bug');
const lastTime = values.anew ? new Map() : seedsOfTable();
await Promise.all(Array.from({ length: Math.min(4, availableParallelism()) }, work));

async function work() {
  for (let bug = waiting.shift(); bug !== undefined; bug = waiting.shift()) {
    const url = await bundleSimulator(`bug-${bugs.indexOf(bug)}`, bug);
    const found = await hunt(url, bug);
    caught.set(bug, found);
    console.log(`${found.promise === undefined ? 'SURVIVED' : 'caught  '}  ${bug.name}: ${describe(found)}`);
  }
}

/** Where the history of a bug that was real is kept. */
function keptFile({ name }) {
  return join(root, 'packages/testing/test/simulator/found', `${name.replace(/[^a-z]+/g, '-')}.json`);
}

async function hunt(url, bug) {
  if (!bug.real) return find(url, bug);
  const kept = keptFile(bug);
  if (!existsSync(kept)) {
    const { scenario, seed, promise, message } = await play(url, 1, SEEDS, { env: { SHRINK: '1' } });
    if (promise === undefined) return { promise, seed };
    writeFileSync(kept, `${JSON.stringify({ name: bug.name, seed, promise, message, scenario }, null, 2)}\n`);
  }
  const again = await play(url, 1, 0, { kept });
  if (again.promise === undefined) return { ...again, message: 'not by its kept history' };
  // some show in one seed of very many: the history is what is left of it
  if (!values.anew && !lastTime.has(bug.name)) return again;
  const found = await find(url, bug);
  return found.promise === undefined && found.message === undefined ? again : found;
}

/** The seed that catches it. */
async function find(url, bug) {
  const known = lastTime.get(bug.name);
  let found = known === undefined ? undefined : await play(url, known, 1);
  if (found?.promise === undefined) found = await play(url, 1, SEEDS);
  if (found.promise === undefined || found.seed === undefined) return found;
  const without = await play(clean, found.seed, 1);
  if (without.promise === undefined) return found;
  return { message: `seed ${found.seed} breaks a promise without it, too: ${without.message}` };
}

/** Told by the page that the last whole run has written. */
function seedsOfTable() {
  if (!existsSync(table)) return new Map();
  const rows = readFileSync(table, 'utf8')
    .split('\n')
    .map((line) => line.split('|').map((cell) => cell.trim()));
  const seeds = rows.filter((cells) => /^\d+$/.test(cells[4] ?? ''));
  return new Map(seeds.map(([, name, , , seed]) => [name.replace(/ ★$/, ''), Number(seed)]));
}

function play(url, from, count, { env = {}, kept } = {}) {
  return new Promise((resolve) => {
    const hunter = join(root, 'scripts/mutants/hunt-one.mjs');
    const child = spawn(process.execPath, [hunter, url, String(from), String(count), ...(kept ? [kept] : [])], {
      env: { ...process.env, ...env },
    });
    let text = '';
    let errors = '';
    child.stdout.on('data', (data) => (text += data));
    child.stderr.on('data', (data) => (errors += data));
    const timer = setTimeout(() => child.kill('SIGKILL'), LIMIT_MS);
    child.on('close', () => {
      clearTimeout(timer);
      if (text !== '') return resolve(JSON.parse(text));
      resolve({ promise: 'liveness', message: errors === '' ? 'the simulation hung' : errors.trim().split('\n')[0] });
    });
  });
}

function describe({ promise, seed, message }) {
  return promise === undefined ? (message ?? `${SEEDS} seeds`) : `${promise}, seed ${seed}: ${message}`;
}

const survivors = chosen.filter((bug) => caught.get(bug).promise === undefined);
if (chosen.length === bugs.length && survivors.length === 0) writeTable();
console.log(`${chosen.length - survivors.length} of ${chosen.length} planted bugs caught`);
process.exit(survivors.length === 0 ? 0 : 1);

function writeTable() {
  const rows = bugs.map((bug) => {
    const { promise, seed, message } = caught.get(bug);
    const text = message.replaceAll('|', '\\|').replaceAll('<', '&lt;');
    return `| ${bug.name}${bug.real ? ' ★' : ''} | \`${bug.file.replace('packages/engine/src/', '')}\` | ${promise} | ${seed ?? '—'} | ${text} |`;
  });
  const page = `# Planted bugs

Deliberate defects of the engine, planted one by one by \`npm run mutants\`, and what the simulator said of each: the
promise it saw broken, a seed that shows it (or the history that is kept of it), and how. ★: no invention, it was in the engine until the simulator
found it. The bugs are in \`scripts/mutants/bugs.mjs\`; this page is written by the command.

| bug | where | promise | seed | what was seen |
| --- | ----- | ------- | ---- | ------------- |
${rows.join('\n')}
`;
  writeFileSync(table, page);
  run(process.execPath, [
    createRequire(join(root, 'package.json')).resolve('prettier/bin/prettier.cjs'),
    '--write',
    table,
  ]);
}
