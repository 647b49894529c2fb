import { describe, it, jest } from '@jest/globals';
import { hasTestBrokers, testBrokers } from '@app/kafka-cluster';
import { play } from '../src/harness/play.js';
import type { Recipe } from '../src/harness/recipe.js';
import { oneByOne } from '../src/recipes/01-one-by-one/recipe.js';
import { gracefulShutdown } from '../src/recipes/02-graceful-shutdown/recipe.js';
import { partitionConcurrent } from '../src/recipes/03-partition-concurrent/recipe.js';
import { parallel } from '../src/recipes/04-parallel/recipe.js';
import { keyConcurrent } from '../src/recipes/05-key-concurrent/recipe.js';
import { batchesAndRecords } from '../src/recipes/07-batches-and-records/recipe.js';
import { limitOf2 } from '../src/recipes/08-limit-of-2/recipe.js';
import { onePartitionAtATime } from '../src/recipes/09-one-partition-at-a-time/recipe.js';
import { exactlyOncePerRecord } from '../src/recipes/10-exactly-once/recipe.js';
import { freezeOnFailure } from '../src/recipes/11-freeze/recipe.js';
import { commitModes } from '../src/recipes/12-commit-modes/recipe.js';
import { rebalanceWatched } from '../src/recipes/13-rebalance-watched/recipe.js';
import { crash } from '../src/recipes/14-crash/recipe.js';
import { retryAndReplay } from '../src/recipes/15-retry-topics/recipe.js';
import { idempotency } from '../src/recipes/16-idempotency/recipe.js';
import { kafkaToKafka } from '../src/recipes/17-kafka-to-kafka/recipe.js';
import { fanOut } from '../src/recipes/19-fan-out/recipe.js';
import { competingConsumers } from '../src/recipes/20-competing-consumers/recipe.js';
import { assignmentStrategies } from '../src/recipes/21-assignment-strategies/recipe.js';
import { groupsOverHttp } from '../src/recipes/22-groups-over-http/recipe.js';
import { expectOneByOne } from './expected/01-one-by-one.js';
import { expectGracefulShutdown } from './expected/02-graceful-shutdown.js';
import { expectPartitionConcurrent } from './expected/03-partition-concurrent.js';
import { expectParallel } from './expected/04-parallel.js';
import { expectKeyConcurrent } from './expected/05-key-concurrent.js';
import { expectBatchesAndRecords } from './expected/07-batches-and-records.js';
import { expectLimitOf2 } from './expected/08-limit-of-2.js';
import { expectOnePartitionAtATime } from './expected/09-one-partition-at-a-time.js';
import { expectExactlyOnce } from './expected/10-exactly-once.js';
import { expectFreeze } from './expected/11-freeze.js';
import { expectCommitModes } from './expected/12-commit-modes.js';
import { expectRebalanceWatched } from './expected/13-rebalance-watched.js';
import { expectCrash } from './expected/14-crash.js';
import { expectRetryAndReplay } from './expected/15-retry-topics.js';
import { expectIdempotency } from './expected/16-idempotency.js';
import { expectKafkaToKafka } from './expected/17-kafka-to-kafka.js';
import { expectFanOut } from './expected/19-fan-out.js';
import { expectCompetingConsumers } from './expected/20-competing-consumers.js';
import { expectAssignmentStrategies } from './expected/21-assignment-strategies.js';
import { expectGroupsOverHttp } from './expected/22-groups-over-http.js';

jest.setTimeout(90_000);

(hasTestBrokers() ? describe : describe.skip)('each recipe on a real broker', () => {
  function recipe<Outcome>(recipe: Recipe<Outcome>, expected: (outcome: Outcome) => void): void {
    it(`${recipe.id} ${recipe.title}`, async () => {
      expected(await play(recipe, { brokers: testBrokers() }));
    });
  }

  recipe(oneByOne, expectOneByOne);
  recipe(gracefulShutdown, expectGracefulShutdown);
  recipe(partitionConcurrent, expectPartitionConcurrent);
  recipe(parallel, expectParallel);
  recipe(keyConcurrent, expectKeyConcurrent);
  recipe(batchesAndRecords, expectBatchesAndRecords);
  recipe(limitOf2, expectLimitOf2);
  recipe(onePartitionAtATime, expectOnePartitionAtATime);
  recipe(exactlyOncePerRecord, expectExactlyOnce);
  recipe(freezeOnFailure, expectFreeze);
  recipe(commitModes, expectCommitModes);
  recipe(rebalanceWatched, expectRebalanceWatched);
  recipe(crash, expectCrash);
  recipe(retryAndReplay, expectRetryAndReplay);
  recipe(idempotency, expectIdempotency);
  recipe(kafkaToKafka, expectKafkaToKafka);
  recipe(fanOut, expectFanOut);
  recipe(competingConsumers, expectCompetingConsumers);
  recipe(assignmentStrategies, expectAssignmentStrategies);
  recipe(groupsOverHttp, expectGroupsOverHttp);
});
