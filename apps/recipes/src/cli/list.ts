import { recipes } from '../recipes/index.js';
import type { Terminal } from './terminal.js';

/** The recipes with a line each, and how to run them. */
export function listRecipes({ out }: Terminal): void {
  out('Recipes: small Nest apps, one for each way to work through a topic.');
  out('');
  for (const { id, title } of recipes) out(`  ${id}  ${title}`);
  out('');
  out('  npm run recipe 05                on the embedded cluster');
  out('  npm run recipe 05 -- --kafka     on a real broker: KAFKA_BROKERS=host:port, or one started for the run');
  out('  npm run recipe 05 -- --verbose   with the log of the app');
  out('');
  out('Tools, against any cluster (more with --help):');
  out('');
  out('  npm run recipe produce -- --brokers host:port --topic orders --records 1000 --keys 50 --rate 100');
  out('  npm run recipe view -- --brokers host:port');
}
