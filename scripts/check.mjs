// npm run check: types of everything with its tests, lint with the arrows between packages, format, lockfile.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { ensureBuilt, root, run } from './lib/ready.mjs';

ensureBuilt();
const resolve = createRequire(join(root, 'package.json')).resolve;
const tool = (path, ...args) => run(process.execPath, [resolve(path), ...args]);

tool('typescript/bin/tsc', '-p', 'tsconfig.tests.json');
run(process.execPath, [join(root, 'node_modules/eslint/bin/eslint.js'), '.', '--max-warnings', '0']);
tool('prettier/bin/prettier.cjs', '--check', '--log-level', 'warn', '.');
if (/"resolved": "http/.test(readFileSync(join(root, 'package-lock.json'), 'utf8'))) {
  console.error('package-lock.json names a registry; .npmrc has omit-lockfile-registry-resolved=true: write it anew');
  process.exit(1);
}
console.log('check: types, lint, arrows, format and lockfile are in order');
