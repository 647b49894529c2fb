import { afterEach, describe, it } from '@jest/globals';
import { PARITY_CASES } from './cases/index.js';
import { InMemoryWorld } from './in-memory-world.js';

describe('the in-memory cluster behaves as a broker does', () => {
  let world: InMemoryWorld;
  afterEach(() => world.close());
  it.each(PARITY_CASES)('$title', async ({ run }) => {
    world = new InMemoryWorld();
    await run(world);
  });
});
