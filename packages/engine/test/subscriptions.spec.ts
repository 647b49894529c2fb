import { describe, expect, it } from '@jest/globals';
import { decideStart } from '../src/group/start-positions.js';
import { encodeDoneMap } from '../src/offsets/done-map.js';
import { World, type Member } from './support/world.js';

const handle = (): void => undefined;
const failure = async (world: World, member: Member): Promise<string> => {
  const started = member.engine.start().then(
    () => 'started',
    (error: unknown) => String(error),
  );
  await world.clock.tick();
  return started;
};

describe('subscriptions', () => {
  it('to a topic that does not exist stop the start', async () => {
    const world = new World();
    const a = world.make({ workers: [{ id: 'w', groupId: 'g', topics: ['t', 'nope'], handle }] });
    expect(await failure(world, a)).toContain('w, option "topic": topic \'nope\' does not exist; create it, or set');
    expect(world.cluster.consumers()).toEqual([]);
  });

  it('create it where they may', async () => {
    const world = new World({ defaultPartitions: 3 });
    const a = await world.engine({
      allowAutoTopicCreation: true,
      workers: [{ id: 'w', groupId: 'g', topics: ['fresh'], handle }],
    });
    expect(a.engine.inspect().groups[0]?.partitions.map((p) => `${p.topic}/${p.partition}`)).toEqual([
      'fresh/0',
      'fresh/1',
      'fresh/2',
    ]);
  });

  it('by pattern take every topic that matches, whatever the flags of the expression', async () => {
    const world = new World();
    for (const topic of ['orders.eu', 'orders.us', 'orders.asia', 'payments']) world.cluster.createTopic(topic);
    const a = await world.engine({ workers: [{ id: 'w', groupId: 'g', topics: [/^orders\./g], handle }] });
    expect(a.engine.inspect().groups[0]?.workers[0]?.topics).toEqual(['orders.asia', 'orders.eu', 'orders.us']);
    expect(a.engine.inspect().groups[0]?.partitions).toHaveLength(3);
  });

  it('by a pattern that matches nothing stop the start', async () => {
    const world = new World();
    const a = world.make({ workers: [{ id: 'w', groupId: 'g', topics: [/nope/], handle }] });
    expect(await failure(world, a)).toContain("/nope/ matches no topic; there are 't'");
  });

  it('of two workers of a group that meet in a topic stop the start; of two groups they do not', async () => {
    const world = new World();
    const two = (groupId: string) =>
      world.make({
        workers: [
          { id: 'v', groupId: 'g', topics: ['t'], handle },
          { id: 'w', groupId, topics: [/^t/], handle },
        ],
      });
    expect(await failure(world, two('g'))).toContain("topic 't' of group 'g' belongs to v already");
    expect(await failure(world, two('h'))).toBe('started');
  });

  it('of two groups in one process get every record each', async () => {
    const world = new World();
    const seen: string[] = [];
    const a = await world.engine({
      workers: ['g', 'h'].map((groupId) => ({
        id: groupId,
        groupId,
        topics: ['t'],
        handle: ({ record }) => void seen.push(`${groupId}:${record.offset}`),
      })),
    });
    world.produce(2);
    await world.clock.tick();
    expect(seen.sort()).toEqual(['g:0', 'g:1', 'h:0', 'h:1']);
    await world.drain(a);
    expect([world.stored(0, 'g')?.offset, world.stored(0, 'h')?.offset]).toEqual([2, 2]);
  });
});

describe('where a partition starts', () => {
  const range = { topic: 't', partition: 0, low: 10, high: 50 };
  const stored = (offset: number | undefined, metadata = '') => ({ topic: 't', partition: 0, offset, metadata });

  it.each([
    ['nothing stored', stored(undefined), true, { offset: 10, committed: undefined }],
    ['nothing stored, from the end', stored(undefined), false, { offset: 50, committed: undefined }],
    ['inside the log', stored(20), true, { offset: 20, committed: 20 }],
    ['at its end', stored(50), true, { offset: 50, committed: 50 }],
    ['below it', stored(3), false, { offset: 10, committed: 3, reset: { from: 3 } }],
    ['above it', stored(51), true, { offset: 10, committed: undefined, reset: { from: 51 } }],
    ['above it, from the end', stored(51), false, { offset: 50, reset: { from: 51 } }],
  ])('%s', (_name, committed, fromBeginning, decision) => {
    const decided = decideStart(committed, range, {
      startFrom: fromBeginning ? 'beginning' : 'latest',
      maxRewind: Infinity,
    });
    expect(decided).toMatchObject(decision);
    if (!('reset' in decision)) expect(decided).not.toHaveProperty('reset');
  });

  it('takes of the map what lies above it', () => {
    const map = encodeDoneMap(3, [
      { from: 5, to: 8 },
      { from: 9, to: 12 },
      { from: 20, to: 21 },
    ]);
    expect(decideStart(stored(3, map), range, { startFrom: 'beginning', maxRewind: Infinity }).restored).toEqual([
      { from: 9, to: 12 },
      { from: 20, to: 21 },
    ]);
    expect(decideStart(stored(4, map), range, { startFrom: 'beginning', maxRewind: Infinity })).toMatchObject({
      restored: [],
      mapDropped: expect.any(String),
    });
  });

  it('is told when retention or a new topic moved it', async () => {
    const world = new World();
    const a = await world.engine({ options: { commit: 'each' } });
    world.produce(10);
    await world.clock.tick();
    a.calls.finish(0);
    await world.clock.tick();
    a.calls.finish(1);
    await world.drain(a);
    world.cluster.deleteRecordsBefore('t', 0, 7);
    const b = await world.engine();
    expect(b.of('position.reset')).toMatchObject([{ from: 2, to: 7, reason: expect.stringContaining('retention') }]);
    expect(b.calls.open).toEqual(['0:7']);
  });

  it('at the end of the log, where startFrom is latest', async () => {
    const world = new World();
    world.produce(5);
    const a = await world.engine({ startFrom: 'latest' });
    world.produce(1);
    await world.clock.tick();
    expect(a.calls.open).toEqual(['0:5']);
  });
});
