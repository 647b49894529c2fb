import { recipes } from '../recipes/index.js';
import { produceTool } from '../tools/produce/produce.tool.js';
import { viewTool } from '../tools/view/view.tool.js';
import { listRecipes } from './list.js';
import { runRecipe } from './run-recipe.js';
import type { Terminal } from './terminal.js';

/** Does what the command line says. Resolves with the exit code: 0, 1 something failed, 2 wrong arguments. */
export async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  const [command, ...rest] = args;
  if (command === undefined || command === '--help' || command === 'help') {
    listRecipes(terminal);
    return 0;
  }
  if (command === 'produce') return produceTool(rest, terminal);
  if (command === 'view') return viewTool(rest, terminal);
  if (/^\d+$/.test(command)) return runRecipe(command, rest, terminal);
  const numbers = recipes.map(({ id }) => id).join(', ');
  terminal.err(`'${command}' is neither a recipe nor a tool; allowed are ${numbers}, produce, view`);
  return 2;
}
