import type { Recipe } from '../harness/recipe.js';
import { oneByOne } from './01-one-by-one/recipe.js';
import { gracefulShutdown } from './02-graceful-shutdown/recipe.js';
import { partitionConcurrent } from './03-partition-concurrent/recipe.js';
import { parallel } from './04-parallel/recipe.js';
import { keyConcurrent } from './05-key-concurrent/recipe.js';
import { observability } from './06-observability/recipe.js';
import { batchesAndRecords } from './07-batches-and-records/recipe.js';
import { limitOf2 } from './08-limit-of-2/recipe.js';
import { onePartitionAtATime } from './09-one-partition-at-a-time/recipe.js';
import { exactlyOncePerRecord } from './10-exactly-once/recipe.js';
import { freezeOnFailure } from './11-freeze/recipe.js';
import { commitModes } from './12-commit-modes/recipe.js';
import { rebalanceWatched } from './13-rebalance-watched/recipe.js';
import { crash } from './14-crash/recipe.js';
import { retryAndReplay } from './15-retry-topics/recipe.js';
import { idempotency } from './16-idempotency/recipe.js';
import { kafkaToKafka } from './17-kafka-to-kafka/recipe.js';
import { fanOut } from './19-fan-out/recipe.js';
import { competingConsumers } from './20-competing-consumers/recipe.js';
import { assignmentStrategies } from './21-assignment-strategies/recipe.js';
import { groupsOverHttp } from './22-groups-over-http/recipe.js';

/** Every recipe there is, in the order of their numbers. */
export const recipes: readonly Recipe[] = [
  oneByOne,
  gracefulShutdown,
  partitionConcurrent,
  parallel,
  keyConcurrent,
  observability,
  batchesAndRecords,
  limitOf2,
  onePartitionAtATime,
  exactlyOncePerRecord,
  freezeOnFailure,
  commitModes,
  rebalanceWatched,
  crash,
  retryAndReplay,
  idempotency,
  kafkaToKafka,
  fanOut,
  competingConsumers,
  assignmentStrategies,
  groupsOverHttp,
];

/** The recipe of a number, however it is written: `5`, `05`. */
export function recipeOf(id: string): Recipe | undefined {
  return recipes.find((recipe) => Number(recipe.id) === Number(id));
}
