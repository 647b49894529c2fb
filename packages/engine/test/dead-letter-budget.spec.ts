import { describe, expect, it } from '@jest/globals';
import { deadLetter, freeze, type DeadLetterOptions, type WorkerOptions } from '../src/index.js';
import { DeadLetterBudget } from '../src/delivery/dead-letter-budget.js';
import { letters } from './support/letters.js';
import { World, type Member } from './support/world.js';

const budget = { share: 0.5, burst: 2, refillMs: 10_000 };

async function setUp(policy: Partial<DeadLetterOptions> = {}, options: WorkerOptions = {}): Promise<[World, Member]> {
  const world = new World();
  world.cluster.createTopic('dlq');
  world.forwards.add('dlq');
  const onFailure = deadLetter({ topic: 'dlq', budget, ...policy });
  const a = await world.engine({ options: { retry: { attempts: 1 }, onFailure, ...options } });
  a.calls.respond = ({ key }) => (key === 'bad' ? Promise.reject(new Error('no')) : Promise.resolve());
  return [world, a];
}

const left = (member: Member): number | undefined => member.engine.inspect().groups[0]?.workers[0]?.deadLetterBudget;

describe('a dead-letter budget', () => {
  it('freezes where everything fails, instead of pouring the topic out', async () => {
    const [world, a] = await setUp();
    world.produce(Array.from({ length: 100 }, () => 'bad'));
    await world.clock.tick();
    expect(letters(world.cluster)).toHaveLength(2);
    expect(a.of('frozen')).toMatchObject([
      {
        offset: 2,
        scope: 'partition',
        reason: 'budget',
        unfreezeInMs: undefined,
        error: { code: 'DEAD_LETTER_BUDGET' },
      },
    ]);
    expect(a.of('frozen')[0]?.error).toMatchObject({
      message: expect.stringContaining('no') as unknown,
      cause: { message: 'no' },
    });
    expect(a.partition().frozen).toMatchObject([{ reason: 'budget', offset: 2 }]);
    expect(left(a)).toBe(0);
    await world.clock.advance(60_000);
    expect(a.calls.all).toHaveLength(3); // stands, though there is credit again
    expect(left(a)).toBe(2);
    a.engine.unfreeze();
    await world.clock.tick();
    expect(letters(world.cluster)).toHaveLength(4);
  });

  it('is credited by what succeeds, up to its burst', async () => {
    const [world, a] = await setUp();
    world.produce(['bad', 'bad', 'x', 'x', 'bad']);
    await world.clock.tick();
    expect(letters(world.cluster)).toHaveLength(3);
    expect(left(a)).toBe(0);
    world.produce(Array.from({ length: 50 }, () => 'x'));
    await world.clock.tick();
    expect(left(a)).toBe(2);
  });

  it('is not credited by what is skipped or dead-lettered', async () => {
    const [world, a] = await setUp({ whenSpent: freeze('key') }, { concurrency: 'unordered' });
    world.produce(Array.from({ length: 20 }, () => 'bad'));
    await world.clock.tick();
    a.engine.unfreeze({}, { skip: true });
    await world.clock.tick();
    expect(letters(world.cluster)).toHaveLength(2);
    expect(left(a)).toBe(0);
  });

  it('gets one back for each time that has passed', async () => {
    const [world, a] = await setUp();
    world.produce(['bad', 'bad']);
    await world.clock.advance(9_999);
    expect(left(a)).toBe(0);
    await world.clock.advance(1);
    expect(left(a)).toBe(1);
    await world.clock.advance(60_000);
    expect(left(a)).toBe(2);
  });

  it('when spent does what was said, and goes on by itself where that was said', async () => {
    const [world, a] = await setUp({ whenSpent: freeze('key', { unfreezeAfterMs: 10_000 }) }, { concurrency: 'key' });
    world.produce(['bad', 'bad', 'bad', 'good']);
    await world.clock.tick();
    expect(a.of('frozen')).toMatchObject([{ offset: 2, scope: 'key', reason: 'budget', unfreezeInMs: 10_000 }]);
    expect(a.calls.all.map(({ offset }) => offset)).toEqual([0, 3, 1, 2]);
    await world.clock.advance(10_000);
    expect(letters(world.cluster)).toHaveLength(3);
    expect(a.of('record.settled').filter(({ offset }) => offset === 2)).toMatchObject([
      { disposition: 'dead-lettered' },
    ]);
  });

  it('is none where none was wanted', async () => {
    const [world, a] = await setUp({ budget: false });
    world.produce(Array.from({ length: 300 }, () => 'bad'));
    await world.clock.tick();
    expect(letters(world.cluster)).toHaveLength(300);
    expect(left(a)).toBeUndefined();
  });

  it('adds tenths up without losing any', () => {
    const tenths = new DeadLetterBudget({ share: 0.1, burst: 1, refillMs: 60_000 }, 0);
    expect([tenths.take(0), tenths.take(0)]).toEqual([true, false]);
    for (let i = 0; i < 10; i++) tenths.success();
    expect(tenths.take(0)).toBe(true);
    tenths.giveBack();
    tenths.giveBack();
    expect(tenths.left(0)).toBe(1);
  });
});
