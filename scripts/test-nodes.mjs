// npm run test:nodes [-- 22 24]: the unit and in-memory suites on other Node majors. Their binaries come from the npm
// registry (packages node-<platform>-<arch>), once, into the ignored cache.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { ensureBuilt, root, run } from './lib/ready.mjs';

const majors = process.argv.slice(2).length > 0 ? process.argv.slice(2) : ['22', '24'];
ensureBuilt();
const jest = createRequire(join(root, 'package.json')).resolve('jest/bin/jest');
let status = 0;
for (const major of majors) {
  const node = install(major);
  console.log(`\nNode ${spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout.trim()}`);
  const ran = spawnSync(
    node,
    [
      '--experimental-vm-modules',
      '--disable-warning=ExperimentalWarning',
      jest,
      ...['--selectProjects', 'unit', 'e2e'],
      // seeds take the same way on every Node: `npm test` plays them
      ...['--testPathIgnorePatterns', 'simulator/seeds'],
    ],
    { cwd: root, stdio: 'inherit' },
  );
  status ||= ran.status ?? 1;
}
process.exit(status);

function install(major) {
  const home = join(root, '.cache', `node-${major}`);
  const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
  const binary = join(home, 'node_modules', name, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
  if (!existsSync(binary)) {
    mkdirSync(home, { recursive: true });
    run(
      'npm',
      ['install', '--prefix', home, '--no-save', '--no-audit', '--no-fund', '--loglevel=error', `${name}@${major}`],
      {
        cwd: home,
      },
    );
  }
  return binary;
}
