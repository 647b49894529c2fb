// npm run simulate -- [--minutes 30] [--from 1] [--seed 42] [--scenario file.json]
// Without a seed it explores: new seeds until the minutes are over or a promise breaks. What breaks one is made small,
// told with its history and kept under .cache/simulator, from where --scenario plays it again.
import { fork } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureInstalled, root } from './lib/ready.mjs';

/** A seed takes milliseconds. One that takes this long does not end. */
const STUCK_MS = 30_000;

ensureInstalled();
const { bundleSimulator } = await import('./lib/simulator.mjs');
const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '1' },
    from: { type: 'string' },
    seed: { type: 'string' },
    scenario: { type: 'string' },
  },
});
const numbers = {
  minutes: Number(values.minutes),
  from: Number(values.from ?? randomStart()),
  seed: Number(values.seed ?? 0),
};
for (const [name, value] of Object.entries(numbers)) {
  if (!(value >= 0)) fail(`--${name} ${values[name]} is not allowed; a number of 0 or more is`);
}

const url = await bundleSimulator('simulator');
const { scenarioOf, shrink, simulate } = await import(url);

if (values.scenario !== undefined) {
  const given = JSON.parse(readFileSync(values.scenario, 'utf8'));
  report(await simulate(given.scenario ?? given), values.scenario);
} else if (values.seed !== undefined) {
  report(await simulate(scenarioOf(numbers.seed)), `seed ${numbers.seed}`);
} else await explore();

/** Seeds that nobody has played yet, most likely. */
function randomStart() {
  return Math.floor(Math.random() * 2 ** 30);
}

/** Plays seeds in as many processes as there are processors. */
async function explore() {
  const lanes = availableParallelism();
  const startedAt = Date.now();
  const until = startedAt + numbers.minutes * 60_000;
  const sum = { seeds: 0, steps: 0, starts: 0 };
  console.log(`exploring from seed ${numbers.from} for ${numbers.minutes} minutes`);
  const children = Array.from({ length: lanes }, (_, lane) =>
    fork(join(root, 'scripts/lib/explore.mjs'), [url, String(numbers.from + lane), String(lanes), String(until)], {
      stdio: ['inherit', 'inherit', 'inherit', 'ipc', 'pipe'],
    }),
  );
  let found;
  let crashed;
  const playing = new Map();
  const stop = () => children.forEach((child) => child.kill('SIGKILL'));
  const told = setInterval(() => console.log(progress(sum, startedAt)), 60_000);
  const watch = setInterval(() => {
    for (const { seed, since } of playing.values()) {
      if (Date.now() - since < STUCK_MS) continue;
      crashed ??= `seed ${seed} does not end: it runs hot without time passing`;
      stop();
    }
  }, 1_000);
  await Promise.all(
    children.map(
      (child) =>
        new Promise((resolve) => {
          child.stdio[4].on('data', (data) =>
            playing.set(child, { seed: String(data).trim().split('\n').at(-1), since: Date.now() }),
          );
          child.on('message', ({ seeds, steps, starts, broken }) => {
            sum.seeds += seeds;
            sum.steps += steps;
            sum.starts += starts;
            if (broken === undefined || found !== undefined) return;
            found = broken;
            stop();
          });
          child.on('close', (code) => {
            if (code !== 0 && found === undefined) {
              crashed ??= `seed ${playing.get(child)?.seed} ended the process: see above`;
              stop();
            }
            playing.delete(child);
            resolve();
          });
        }),
    ),
  );
  clearInterval(told);
  clearInterval(watch);
  console.log(progress(sum, startedAt));
  if (crashed !== undefined) fail(crashed);
  if (found === undefined) return console.log('every promise held');
  console.log(`seed ${found} breaks a promise; making it small …`);
  const { scenario, result } = await shrink(found);
  const file = join(root, '.cache/simulator', `seed-${found}.json`);
  writeFileSync(file, `${JSON.stringify({ seed: found, scenario }, null, 2)}\n`);
  console.log(JSON.stringify(scenario));
  report(result, `seed ${found}, kept as .cache/simulator/seed-${found}.json`);
}

function progress({ seeds, steps, starts }, startedAt) {
  const minutes = (Date.now() - startedAt) / 60_000;
  const each = (count) => Math.round(count / minutes).toLocaleString('en');
  return `${seeds.toLocaleString('en')} seeds, ${steps.toLocaleString('en')} steps, ${starts.toLocaleString('en')} handlers; ${each(seeds)} seeds and ${each(steps)} steps a minute`;
}

function report(result, what) {
  console.log(result.history(200));
  console.log(`${what}: ${result.steps} steps, ${result.starts} handlers, ${result.tookMs} virtual ms`);
  if (result.violations.length === 0) return console.log('every promise held');
  for (const { promise, message } of result.violations) console.log(`BROKEN  ${promise}: ${message}`);
  process.exit(1);
}

function fail(message) {
  console.error(message);
  process.exit(1);
}
