export { play, type PlayOptions } from './harness/play.js';
export { recipeOf, recipes } from './recipes/index.js';
