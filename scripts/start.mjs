// npm start [-- options]: the demo, see apps/demo/README.md or `npm start -- --help`.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ensureBuilt, root } from './lib/ready.mjs';

ensureBuilt('apps/demo');
await import(pathToFileURL(join(root, 'apps/demo/dist/main.js')).href);
