import { afterEach, describe, it } from '@jest/globals';
import { hasTestBrokers } from '@app/kafka-cluster';
import { PARITY_CASES } from './cases/index.js';
import { KafkaWorld } from './kafka-world.js';

/** The same cases as in parity.spec.ts: where the two disagree, the broker is right. */
(hasTestBrokers() ? describe : describe.skip)('a broker behaves as the in-memory cluster does', () => {
  let world: KafkaWorld;
  afterEach(() => world.close());
  it.each(PARITY_CASES)(
    '$title',
    async ({ run }) => {
      world = new KafkaWorld();
      await run(world);
    },
    120_000,
  );
});
