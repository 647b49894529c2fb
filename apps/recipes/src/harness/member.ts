// A process that runs a recipe's app as one member of its group: node member.js '<MemberOptions as JSON>', started by
// the recipe. SIGTERM ends it as it ends any Nest app with shutdown hooks.
import 'reflect-metadata';
import { recipeOf } from '../recipes/index.js';
import { createApp } from './boot.js';
import { now } from './clock.js';
import { connectTo } from './cluster/connect.js';
import type { MemberEvent } from './journal-events.js';
import type { MemberOptions } from './member-process.js';

const options = JSON.parse(process.argv[2] ?? '{}') as MemberOptions;
const recipe = recipeOf(options.recipe);
if (!recipe?.member) throw new Error(`recipe ${options.recipe} runs in one process`);

/** Settles when everything told so far has reached the parent. */
let told: Promise<void> = Promise.resolve();

function tell(event: MemberEvent): void {
  told = new Promise((resolve) => {
    if (process.connected) process.send?.(event, undefined, undefined, () => resolve());
    else resolve();
  });
}

// Whoever started us is gone: nobody would ever end us.
process.once('disconnect', () => process.exit(1));

const app = await createApp({
  module: recipe.member,
  kafka: connectTo(options.address, options.id),
  database: options.database,
  log: options.log,
  tell,
  flush: () => told,
});
app.enableShutdownHooks(['SIGTERM'], { useProcessExit: true });
if (options.http) {
  await app.listen(0, '127.0.0.1');
  tell({ at: now(), type: 'listening', url: await app.getUrl() });
} else {
  await app.init();
}
