import { it, jest } from '@jest/globals';
import { play } from '../src/harness/play.js';
import { fanOut } from '../src/recipes/19-fan-out/recipe.js';
import { expectFanOut } from './expected/19-fan-out.js';

jest.setTimeout(60_000);

it('two groups get every record, each at its own pace', async () => {
  expectFanOut(await play(fanOut));
});
