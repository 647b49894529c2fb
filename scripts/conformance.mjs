// npm run conformance: runs the conformance suite for every driver and writes the matrix of docs/conformance.md.
//
// The matrix is what the run said: a case that fails, or a missing Kafka, leaves the page as it is and ends with 1.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { ensureBuilt, root, run } from './lib/ready.mjs';

const PAGE = join(root, 'docs/conformance.md');
const [BEGIN, END] = ['<!-- matrix -->', '<!-- end of matrix -->'];

ensureBuilt();
const { conformanceChapters } = await import('../packages/testing/dist/conformance/index.js');
const require = createRequire(join(root, 'package.json'));

/** The results of one project's conformance specs: by driver, then chapter and case. */
function results(project) {
  const file = join(root, '.cache', `conformance-${project}.json`);
  mkdirSync(join(root, '.cache'), { recursive: true });
  rmSync(file, { force: true });
  const flags = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];
  const chosen = ['--selectProjects', project, '--testPathPatterns', 'test/conformance\\.', '--maxWorkers=1'];
  const args = [...flags, require.resolve('jest/bin/jest'), ...chosen, '--json', '--outputFile', file];
  spawnSync(process.execPath, args, { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
  const drivers = new Map();
  for (const { ancestorTitles, title, status } of JSON.parse(readFileSync(file, 'utf8')).testResults.flatMap(
    ({ assertionResults }) => assertionResults,
  )) {
    const [suite = '', chapter] = ancestorTitles;
    if (!suite.startsWith('conformance of ')) continue;
    const driver = suite.slice('conformance of '.length);
    if (!drivers.has(driver)) drivers.set(driver, new Map());
    drivers.get(driver).set(`${chapter}\n${title}`, status);
  }
  return drivers;
}

const drivers = new Map([...results('unit'), ...results('kafka')]);
// what is not asked is not registered; a test holds the page against the flags
const WORDS = { passed: 'pass', missing: '–' };
const failed = [];
let cases = 0;
const lines = [];
const row = (cells) => lines.push(`| ${cells.join(' | ')} |`);
row(['case', 'asked where', ...drivers.keys()]);
row(['---', '---', ...[...drivers.keys()].map(() => '---')]);
for (const { title, cases: chapter } of conformanceChapters) {
  row([`**${title}**`, '', ...[...drivers.keys()].map(() => '')]);
  for (const { name, needs } of chapter) {
    cases++;
    const cells = [...drivers].map(([driver, outcomes]) => {
      const status = outcomes.get(`${title}\n${name}`) ?? 'missing';
      if (!(status in WORDS)) failed.push(`${driver}: ${title} ${name}: ${status}`);
      return WORDS[status] ?? status;
    });
    row([name, needs ? `\`${needs.flag}\`` : '', ...cells]);
  }
}
const count = (outcomes, status) => [...outcomes.values()].filter((outcome) => outcome === status).length;
row([`${cases} cases`, '', ...[...drivers.values()].map((outcomes) => `${count(outcomes, 'passed')} pass`)]);
if (failed.length > 0 || !drivers.has('kafkajs')) {
  for (const line of failed) console.error(line);
  if (!drivers.has('kafkajs')) console.error('No Kafka: the cases on a real broker did not run.');
  console.error('The page stays as it is.');
  process.exit(1);
}
const page = readFileSync(PAGE, 'utf8');
const [before, rest] = page.split(BEGIN);
const [, after] = rest.split(END);
writeFileSync(PAGE, `${before}${BEGIN}\n\n${lines.join('\n')}\n\n${END}${after}`);
run(process.execPath, [require.resolve('prettier/bin/prettier.cjs'), '--write', PAGE]);
