// Plays seeds of one bundle until one breaks a promise, and tells it as one line of JSON. A process of its own: a
// defect may well hang.
//   node hunt-one.mjs <url> <first seed> <how many> [<file of a scenario that is played first>]
// With SHRINK=1 what is found is made small and told too.
import { existsSync, readFileSync } from 'node:fs';

const [url, from, count, kept] = process.argv.slice(2);
const { simulate, simulateSeed, shrink } = await import(url);
process.on('unhandledRejection', (error) => tell({ promise: 'no-loss', message: `unhandled rejection: ${error}` }));

let seed;
if (kept !== undefined && existsSync(kept)) {
  seed = 'kept';
  const { violations } = await simulate(JSON.parse(readFileSync(kept, 'utf8')).scenario);
  tell(violations[0]);
}
for (seed = Number(from); seed < Number(from) + Number(count); seed++) {
  const { violations } = await simulateSeed(seed);
  if (violations.length === 0) continue;
  if (process.env.SHRINK !== '1') tell(violations[0]);
  const { scenario, result } = await shrink(seed);
  tell({ ...result.violations[0], scenario });
}
tell(undefined);

function tell(violation) {
  console.log(JSON.stringify({ seed, ...violation }));
  process.exit(0);
}
