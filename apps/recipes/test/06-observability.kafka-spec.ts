import { describe, it, jest } from '@jest/globals';
import { hasTestBrokers, testBrokers } from '@app/kafka-cluster';
import { play } from '../src/harness/play.js';
import { observability } from '../src/recipes/06-observability/recipe.js';
import { expectObservability } from './expected/06-observability.js';

jest.setTimeout(90_000);

// In a file of its own, since it reads its log: nestjs-pino keeps the logger of the first app of a process.
(hasTestBrokers() ? describe : describe.skip)('on a real broker', () => {
  it('06 Worker-level logs, traces, metrics', async () => {
    expectObservability(await play(observability, { brokers: testBrokers() }));
  });
});
