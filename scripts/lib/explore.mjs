// One process of `npm run simulate`: every n-th seed until the time is over, told in batches.
//   node explore.mjs <url of the bundle> <first seed> <stride> <until, milliseconds since the epoch>
// Each seed is written to descriptor 4 before it is played, so that one which never ends is known.
import { writeSync } from 'node:fs';

const BATCH = 50;

const [url, from, stride, until] = process.argv.slice(2);
const { simulateSeed } = await import(url);
let batch = { seeds: 0, steps: 0, starts: 0 };
for (let seed = Number(from); Date.now() < Number(until); seed += Number(stride)) {
  writeSync(4, `${seed}\n`);
  const { steps, starts, violations } = await simulateSeed(seed);
  batch.seeds++;
  batch.steps += steps;
  batch.starts += starts;
  const broken = violations.length > 0 ? seed : undefined;
  if (broken === undefined && batch.seeds < BATCH) continue;
  process.send({ ...batch, broken });
  batch = { seeds: 0, steps: 0, starts: 0 };
  if (broken !== undefined) break;
}
process.send(batch);
process.disconnect();
