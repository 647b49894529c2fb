// npm run build: compiles every workspace.
import { ensureBuilt } from './lib/ready.mjs';

ensureBuilt();
