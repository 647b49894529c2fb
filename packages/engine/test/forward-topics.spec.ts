import { describe, expect, it } from '@jest/globals';
import {
  deadLetter,
  freeze,
  retryTopicPattern,
  retryTopics,
  skip,
  type ConfigurationError,
  type WorkerDefinition,
} from '../src/index.js';
import { World, type MemberSetup } from './support/world.js';

const worker = (
  onFailure: NonNullable<WorkerDefinition['options']>['onFailure'],
  more: Partial<WorkerDefinition> = {},
): WorkerDefinition => ({
  id: 'w',
  groupId: 'g',
  topics: ['t'],
  handle: () => undefined,
  ...more,
  options: { ...(onFailure === undefined ? {} : { onFailure }) },
});

/** What a start is refused with. */
async function refusal(world: World, setup: MemberSetup): Promise<ConfigurationError['mistakes'] | undefined> {
  const { engine } = world.make(setup);
  const started = engine.start().then(
    () => undefined,
    (error: ConfigurationError) => error.mistakes,
  );
  const found = await world.clock.runUntil(started);
  await world.clock.runUntil(engine.drain());
  return found;
}

const exists = (world: World, topic: string): boolean => {
  try {
    world.cluster.records(topic);
    return true;
  } catch {
    return false;
  }
};

describe('topics that copies go to', () => {
  it('are all named at the start where they are missing, and nothing is made or joined', async () => {
    const world = new World();
    const policy = retryTopics([1_000, 5_000], deadLetter({ topic: 'dlq', create: true }));
    const mistakes = await refusal(world, {
      workers: [worker(policy), worker(deadLetter({ topic: 'other' }), { id: 'v', groupId: 'h' })],
    });
    expect(mistakes?.map(({ where, option, message }) => [where, option, /'(.*?)'/.exec(message)?.[1]])).toEqual([
      ['w', 'onFailure', 't.g.retry-1000'],
      ['w', 'onFailure', 't.g.retry-5000'],
      ['v', 'onFailure', 'other'],
    ]);
    expect(exists(world, 'dlq')).toBe(false);
    expect(world.cluster.consumers()).toEqual([]);
    expect(world.clock.pending).toBe(0);
  });

  it('are made with as many partitions as their source where that was asked for, or as was said', async () => {
    const world = new World({ partitions: 3 });
    const shape = { partitions: 5 };
    await world.engine({
      workers: [worker(retryTopics([1_000], deadLetter({ topic: 'dlq', create: shape }), { create: true }))],
    });
    const partitions = (topic: string): number => {
      let count = 0;
      for (; count < 10; count++) {
        try {
          world.cluster.range(topic, count);
        } catch {
          break;
        }
      }
      return count;
    };
    expect([partitions('t.g.retry-1000'), partitions('dlq')]).toEqual([3, 5]);
  });

  it('are made once where several workers share one', async () => {
    const world = new World();
    world.cluster.createTopic('u');
    const made: string[][] = [];
    const policy = deadLetter({ topic: 'dlq', create: true });
    await world.engine({
      workers: [worker(policy), worker(policy, { id: 'v', topics: ['u'] })],
      driver: (driver) => ({
        ...driver,
        createAdmin: () => {
          const admin = driver.createAdmin();
          const create = admin.createTopics.bind(admin);
          return Object.assign(admin, {
            createTopics: (specs: Parameters<typeof create>[0]) => {
              made.push(specs.map(({ topic }) => topic));
              return create(specs);
            },
          });
        },
      }),
    });
    expect(made).toEqual([['dlq']]); // a broker refuses a request that names a topic twice
  });

  it('have the partitions they were made with, also where nobody knows of them yet', async () => {
    const world = new World({ partitions: 4 });
    const a = world.make({
      options: { retry: { attempts: 1 }, onFailure: deadLetter({ topic: 'dlq', create: true }) },
      driver: (driver) => ({
        ...driver,
        createAdmin: () => {
          const admin = driver.createAdmin();
          const ask = admin.partitions.bind(admin);
          let created = false;
          const create = admin.createTopics.bind(admin);
          return Object.assign(admin, {
            createTopics: (specs: never) => ((created = true), create(specs)),
            partitions: async (topics: readonly string[]) => (created ? new Map<string, number>() : ask(topics)),
          });
        },
      }),
    });
    void a.engine.start();
    await world.clock.tick();
    world.produce(1, 3);
    await world.clock.tick();
    a.calls.fail(0, undefined, 3);
    await world.clock.tick();
    expect(world.cluster.records('dlq').map(({ partition }) => partition)).toEqual([3]);
  });

  it('are not asked for where no policy needs any', async () => {
    const world = new World();
    expect(
      await refusal(world, { workers: [worker(skip()), worker(freeze(), { id: 'v', groupId: 'h' })] }),
    ).toBeUndefined();
  });

  it('are not what a pattern means', async () => {
    const world = new World();
    for (const topic of ['t2', 't.g.retry-1000', 't2.g.retry-1000', 't.dlq', 't.h.retry-1000'])
      world.cluster.createTopic(topic);
    const a = world.make({
      workers: [worker(retryTopics([1_000], deadLetter({ topic: 't.dlq' })), { topics: [/^t/] })],
    });
    const started = a.engine.start();
    await world.clock.runUntil(started.catch(() => undefined));
    // of another group: its own retry topics would be wanted
    await expect(started).rejects.toMatchObject({
      mistakes: [{ message: expect.stringContaining('t.h.retry-1000.g.retry-1000') as unknown }],
    });
    world.cluster.createTopic('t.h.retry-1000.g.retry-1000');
    const b = await world.engine({
      workers: [worker(retryTopics([1_000], deadLetter({ topic: 't.dlq' })), { topics: [/^t/] })],
    });
    expect(b.engine.inspect().groups[0]?.workers[0]?.topics).toEqual([
      't', 't.h.retry-1000', 't2', 't.g.retry-1000', 't.h.retry-1000.g.retry-1000', 't2.g.retry-1000',
    ]); // prettier-ignore
  });

  it('cannot be what the same worker reads: its failed records would go in circles', async () => {
    const world = new World();
    const mistakes = await refusal(world, { workers: [worker(deadLetter({ topic: 't' }))] });
    expect(mistakes).toMatchObject([
      { where: 'w', option: 'onFailure', message: expect.stringContaining("'t'") as unknown },
    ]);
    expect(
      await refusal(world, { workers: [worker(retryTopics([1], deadLetter({ topic: 't' }), { create: true }))] }),
    ).toHaveLength(1);
  });

  it('can be read by a worker of their own', async () => {
    const world = new World();
    world.cluster.createTopic('dlq');
    const reader = worker(undefined, { id: 'v', topics: ['dlq'] });
    expect(await refusal(world, { workers: [worker(deadLetter({ topic: 'dlq' })), reader] })).toBeUndefined();
  });
});

describe('retryTopicPattern', () => {
  it('matches the retry topics of its group and no others, whatever the group is called', () => {
    const pattern = retryTopicPattern('a.b+c');
    expect(
      ['t.a.b+c.retry-10', 't.axb+c.retry-10', 't.a.b+c.retry-x', 'a.b+c.retry-10'].map((topic) => pattern.test(topic)),
    ).toEqual([true, false, false, false]);
  });
});
