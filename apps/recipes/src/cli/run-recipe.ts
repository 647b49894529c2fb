import { acquireCluster, type KafkaCluster } from '@app/kafka-cluster';
import { play } from '../harness/play.js';
import { headLines, type Recipe } from '../harness/recipe.js';
import { recipeOf, recipes } from '../recipes/index.js';
import type { Terminal } from './terminal.js';

const FLAGS = ['--kafka', '--verbose'];

/** Plays a recipe and prints its head, what happens, and the outcome. Resolves with the exit code. */
export async function runRecipe(id: string, flags: readonly string[], terminal: Terminal): Promise<number> {
  const recipe = recipeOf(id);
  if (!recipe) {
    terminal.err(`There is no recipe ${id}. There are:`);
    for (const { id, title } of recipes) terminal.err(`  ${id}  ${title}`);
    return 2;
  }
  const unknown = flags.filter((flag) => !FLAGS.includes(flag));
  if (unknown.length > 0) {
    terminal.err(`${unknown.join(', ')}: not an option of a recipe; allowed are ${FLAGS.join(', ')}`);
    return 2;
  }
  const verbose = flags.includes('--verbose');
  terminal.out(`${recipe.id} ${recipe.title}`);
  for (const line of headLines(recipe.head)) terminal.out(`   ${line}`);
  terminal.out('');
  return flags.includes('--kafka') ? onBroker(recipe, verbose, terminal) : perform(recipe, verbose, terminal);
}

async function onBroker(recipe: Recipe, verbose: boolean, terminal: Terminal): Promise<number> {
  terminal.err('Looking for a Kafka …');
  let cluster: KafkaCluster;
  try {
    cluster = await acquireCluster();
  } catch (error) {
    terminal.err((error as Error).message);
    return 1;
  }
  try {
    terminal.err(`On ${cluster.bootstrap.join(', ')}`);
    return await perform(recipe, verbose, terminal, cluster.bootstrap);
  } finally {
    await cluster.stop();
  }
}

async function perform(
  recipe: Recipe,
  verbose: boolean,
  terminal: Terminal,
  brokers?: readonly string[],
): Promise<number> {
  const outcome = await play(recipe, {
    log: verbose ? 'info' : (recipe.log ?? 'warn'),
    say: terminal.out,
    ...(brokers ? { brokers } : {}),
  });
  for (const line of recipe.show(outcome)) terminal.out(line);
  return 0;
}
