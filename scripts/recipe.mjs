// npm run recipe [NN] [-- options]: lists the recipes or runs one, see `npm run recipe -- --help`.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ensureBuilt, root } from './lib/ready.mjs';

ensureBuilt('apps/recipes');
await import(pathToFileURL(join(root, 'apps/recipes/dist/main.js')).href);
