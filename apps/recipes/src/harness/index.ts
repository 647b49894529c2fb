export { now } from './clock.js';
export type { Told } from './journal.js';
export { KafkaConfig } from './kafka-config.js';
export { defineRecipe, headLines, type Recipe, type RecipeHead } from './recipe.js';
export { atOnce, doneTwice, outOfOrder, recordName, redelivered, type Run } from './runs.js';
export type { MemberProcess } from './member-process.js';
export type { Progress, SeedRecord, Stage } from './stage.js';
export { table } from './table.js';
export { drawTimeline } from './timeline.js';
