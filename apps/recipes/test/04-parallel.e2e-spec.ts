import { describe, expect, it, jest } from '@jest/globals';
import { deferred } from '@kafka-worker/testing';
import { play } from '../src/harness/play.js';
import { parallel } from '../src/recipes/04-parallel/recipe.js';
import { expectParallel } from './expected/04-parallel.js';
import { ThumbnailsModule } from '../src/recipes/04-parallel/thumbnails.module.js';
import { ThumbnailsService, type Picture } from '../src/recipes/04-parallel/thumbnails.service.js';
import { testRecipe } from './support/test-recipe.js';

jest.setTimeout(60_000);

it('no order; what is done above an unfinished record is committed beside the offset', async () => {
  expectParallel(await play(parallel));
});

describe('the handler', () => {
  it('makes a thumbnail', async () => {
    const { moduleRef, kafka } = await testRecipe(ThumbnailsModule);
    expect(await kafka.deliver('pictures', { file: 'a.jpg', ms: 1 })).toMatchObject({ disposition: 'done' });
    expect(moduleRef.get(ThumbnailsService).made).toEqual(['a.jpg']);
  });

  it('works on while one picture takes long; what is done stands beside the offset', async () => {
    const gate = deferred();
    const make = async ({ file }: Picture): Promise<void> => (file === 'slow.jpg' ? gate.promise : undefined);
    const { kafka } = await testRecipe(ThumbnailsModule, {}, (builder) =>
      builder.overrideProvider(ThumbnailsService).useValue({ make }),
    );
    const slow = kafka.deliver('pictures', { file: 'slow.jpg', ms: 0 });
    await kafka.deliverAll('pictures', [
      { file: 'a.jpg', ms: 0 },
      { file: 'b.jpg', ms: 0 },
    ]);
    await kafka.commit();
    expect(kafka.cluster.committed('thumbnails', 'pictures', 0)).toEqual({
      offset: 0,
      metadata: expect.stringMatching(/^kw1/),
    });
    gate.resolve();
    expect(await slow).toMatchObject({ disposition: 'done' });
    await kafka.commit();
    expect(kafka.committed('pictures')).toBe(3);
  });

  it('passes a picture that fails three times', async () => {
    const make = async (): Promise<void> => {
      throw new Error('not a picture');
    };
    const { kafka } = await testRecipe(ThumbnailsModule, {}, (builder) =>
      builder.overrideProvider(ThumbnailsService).useValue({ make }),
    );
    const result = await kafka.deliver('pictures', { file: 'a.txt', ms: 0 });
    expect(result).toMatchObject({ disposition: 'skipped', attempts: 3, error: { message: 'not a picture' } });
  });
});
