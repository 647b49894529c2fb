import type { Recipe } from '../harness/recipe.js';
import { oneByOne } from './01-one-by-one/recipe.js';
import { keyConcurrent } from './05-key-concurrent/recipe.js';

/** Every recipe there is, in the order of their numbers. */
export const recipes: readonly Recipe[] = [oneByOne, keyConcurrent];

/** The recipe of a number, however it is written: `5`, `05`. */
export function recipeOf(id: string): Recipe | undefined {
  return recipes.find((recipe) => Number(recipe.id) === Number(id));
}
