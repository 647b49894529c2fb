// npm run bench [-- --cells W1,W2] [--json FILE]: see `npm run bench -- --help`.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ensureBuilt, root } from './lib/ready.mjs';

ensureBuilt('apps/bench');
await import(pathToFileURL(join(root, 'apps/bench/dist/main.js')).href);
