// npm test [-- jest arguments]: all tests. Those on a real Kafka run one file after the other, after the rest, since
// they measure what happens in time. The last line counts everything.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { ensureBuilt, root } from './lib/ready.mjs';

ensureBuilt();
const jest = createRequire(join(root, 'package.json')).resolve('jest/bin/jest');
const { availableKafka } = await import('../libs/kafka-cluster/dist/index.js');
const results = join(root, '.cache');
mkdirSync(results, { recursive: true });

const given = process.argv.slice(2);
const chosen = given.includes('--selectProjects');
const kafka = await availableKafka();
const runs = chosen
  ? [{ name: 'chosen', args: given }]
  : [
      { name: 'memory', args: ['--selectProjects', 'unit', 'e2e', ...given] },
      ...(kafka ? [{ name: 'kafka', args: ['--selectProjects', 'kafka', '--runInBand', ...given] }] : []),
    ];

const sum = { passed: 0, failed: 0, skipped: 0 };
let status = 0;
for (const { name, args } of runs) {
  const file = join(results, `jest-${name}.json`);
  rmSync(file, { force: true });
  const ran = spawnSync(
    process.execPath,
    [
      '--experimental-vm-modules',
      '--disable-warning=ExperimentalWarning',
      jest,
      '--passWithNoTests',
      '--json',
      '--outputFile',
      file,
      ...args,
    ],
    { cwd: root, stdio: ['inherit', 'ignore', 'inherit'] },
  );
  status ||= ran.status ?? 1;
  if (!existsSync(file)) continue;
  const result = JSON.parse(readFileSync(file, 'utf8'));
  sum.passed += result.numPassedTests;
  sum.failed += result.numFailedTests;
  sum.skipped += result.numPendingTests + result.numTodoTests;
}
if (!kafka && !chosen) {
  console.error(
    '\n=== LEFT OUT: every test on a real Kafka. They need Java 17 and Maven, or Docker, or KAFKA_BROKERS=host:port. ===\n',
  );
  if (process.env.CI) status ||= 1;
}
console.log(`${sum.passed} passed, ${sum.failed} failed, ${sum.skipped} skipped`);
process.exit(status);
