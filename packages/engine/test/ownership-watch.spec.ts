import { deferred, type GroupView } from '@kafka-worker/testing';
import { describe, expect, it } from '@jest/globals';
import type { GroupDescription, KafkaDriver } from '../src/index.js';
import { World, type Member, type MemberSetup } from './support/world.js';

const EVERY_MS = 30_000;
const BOTH = [
  { topic: 't', partition: 0 },
  { topic: 't', partition: 1 },
];

/** How the broker answers; `truth` is what it would say. Default: the truth. */
type Answer = (truth: GroupView) => GroupDescription | Promise<GroupDescription>;

/** A world whose clients ask about their groups on a connection that works whatever became of the member's own. */
class Asked extends World {
  answer: Answer = (truth) => truth;
  /** How often it was asked. */
  asked = 0;

  constructor() {
    super({ partitions: 2 });
  }

  member(setup: MemberSetup = {}): Promise<Member> {
    return this.engine({ ownershipCheckMs: EVERY_MS, driver: this.asking, ...setup });
  }

  /** The cluster forgets the member, and its client never learns it. */
  makeZombie(): void {
    const [consumer] = this.cluster.consumers('g');
    if (consumer === undefined) throw new Error('nobody is in the group');
    const { memberId } = consumer;
    this.cluster.crash(consumer);
    this.cluster.expireSession(memberId);
  }

  readonly asking = (driver: KafkaDriver): KafkaDriver => ({
    ...driver,
    createConsumer: (options) => {
      const consumer = driver.createConsumer(options);
      consumer.describeGroup = () => {
        this.asked++;
        const answer = this.answer(this.cluster.group(options.groupId));
        return Promise.resolve(answer);
      };
      return consumer;
    },
  });
}

const nobody: Answer = (truth) => ({ ...truth, members: [] });
const disowned = (member: Member) => member.of('group.disowned').map(({ partitions }) => partitions);
const shown = (member: Member) => member.engine.inspect().groups[0]?.disowned;

describe('a member that the broker has forgotten while its client believes', () => {
  it('is found out by the second answer, and stays joined by its own account', async () => {
    const world = new Asked();
    const a = await world.member();
    world.makeZombie();
    await world.clock.advance(EVERY_MS);
    expect([world.asked, disowned(a), shown(a)]).toEqual([1, [], undefined]);
    await world.clock.advance(EVERY_MS);
    expect([world.asked, disowned(a), shown(a)]).toEqual([2, [BOTH], BOTH]);
    expect(a.engine.inspect().groups[0]?.state).toBe('joined');
    expect(a.held).toEqual([0, 1]);
    // told once
    await world.clock.advance(3 * EVERY_MS);
    expect(disowned(a)).toEqual([BOTH]);
  });

  it('also where somebody else has its partitions', async () => {
    const world = new Asked();
    const a = await world.member();
    world.makeZombie();
    const b = await world.member();
    expect(b.held).toEqual([0, 1]);
    await world.clock.advance(2 * EVERY_MS);
    expect([disowned(a), disowned(b)]).toEqual([[BOTH], []]);
  });

  it('names only what is missing', async () => {
    const world = new Asked();
    const a = await world.member();
    world.answer = (truth) => ({
      ...truth,
      members: truth.members.map((m) => ({
        ...m,
        partitions: m.partitions.filter(({ partition }) => partition === 0),
      })),
    });
    await world.clock.advance(2 * EVERY_MS);
    expect(disowned(a)).toEqual([[BOTH[1]]]);
    world.answer = nobody;
    await world.clock.advance(EVERY_MS);
    // the other one is missed for the first time
    expect(disowned(a)).toEqual([[BOTH[1]]]);
    await world.clock.advance(EVERY_MS);
    expect(disowned(a)).toEqual([[BOTH[1]], BOTH]);
  });

  it('recovers where the broker knows it again', async () => {
    const world = new Asked();
    const a = await world.member();
    world.answer = nobody;
    await world.clock.advance(2 * EVERY_MS);
    world.answer = (truth) => truth;
    await world.clock.advance(EVERY_MS);
    expect([disowned(a), shown(a)]).toEqual([[BOTH, []], undefined]);
  });
});

describe('says nothing', () => {
  it('of a member that owns what it believes, through joins and losses', async () => {
    const world = new Asked();
    const a = await world.member();
    const b = await world.member();
    await world.clock.advance(3 * EVERY_MS);
    world.cluster.faults.fence(a.engine.inspect().groups[0]!.memberId);
    await world.clock.advance(3 * EVERY_MS);
    await world.drain(b);
    await world.clock.advance(3 * EVERY_MS);
    expect([disowned(a), disowned(b)]).toEqual([[], []]);
    expect(world.asked).toBeGreaterThan(12);
  });

  it('where a join lies between the answers, or while one is awaited', async () => {
    const world = new Asked();
    const a = await world.member();
    world.answer = nobody;
    await world.clock.advance(EVERY_MS);
    const b = await world.engine();
    await world.clock.advance(EVERY_MS);
    expect(disowned(a)).toEqual([]);

    const answered = deferred<GroupDescription>();
    world.answer = () => answered.promise;
    await world.clock.advance(EVERY_MS);
    await world.drain(b);
    answered.resolve(nobody(world.cluster.group('g')) as GroupDescription);
    await world.clock.tick();
    world.answer = nobody;
    await world.clock.advance(EVERY_MS);
    expect(disowned(a)).toEqual([]);
    await world.clock.advance(EVERY_MS);
    expect(disowned(a)).toEqual([BOTH]);
  });

  it('where a loss lies between the answers', async () => {
    const world = new Asked();
    const a = await world.member();
    world.answer = nobody;
    await world.clock.advance(EVERY_MS);
    world.cluster.faults.fence(a.engine.inspect().groups[0]!.memberId);
    await world.clock.advance(EVERY_MS);
    expect(a.of('group.lost')).toHaveLength(1);
    expect(disowned(a)).toEqual([]);
  });

  it.each(['PreparingRebalance', 'CompletingRebalance'])('while the group is in %s', async (state) => {
    const world = new Asked();
    const a = await world.member();
    world.answer = (truth) => ({ ...truth, members: [], state });
    await world.clock.advance(5 * EVERY_MS);
    expect([world.asked, disowned(a)]).toEqual([5, []]);
  });

  it.each([
    ['refuses', (): Promise<never> => Promise.reject(new Error('no answer'))],
    [
      'throws',
      (): never => {
        throw new Error('not connected');
      },
    ],
  ])('where who is asked %s; what was suspected before still is', async (_name, refuse) => {
    const world = new Asked();
    const a = await world.member();
    world.answer = refuse;
    await world.clock.advance(3 * EVERY_MS);
    expect([world.asked, disowned(a)]).toEqual([3, []]);
    world.answer = nobody;
    await world.clock.advance(EVERY_MS);
    world.answer = refuse;
    await world.clock.advance(EVERY_MS);
    expect(disowned(a)).toEqual([]);
    world.answer = nobody;
    await world.clock.advance(EVERY_MS);
    expect(disowned(a)).toEqual([BOTH]);
    // nor does it take anything back
    world.answer = refuse;
    await world.clock.advance(EVERY_MS);
    expect(shown(a)).toEqual(BOTH);
  });

  it('while no answer comes, and asks nothing more meanwhile', async () => {
    const world = new Asked();
    const a = await world.member();
    const answered = deferred<GroupDescription>();
    world.answer = () => answered.promise;
    await world.clock.advance(5 * EVERY_MS);
    expect([world.asked, disowned(a)]).toEqual([1, []]);
    world.answer = (truth) => truth;
    answered.resolve(world.cluster.group('g'));
    await world.clock.advance(EVERY_MS);
    expect(world.asked).toBe(2);
  });

  it('of partitions that are being given back in a cooperative rebalance', async () => {
    const world = new Asked();
    const inMemory = { incrementalRebalance: true };
    const a = await world.member({ inMemory, ownershipCheckMs: 10_000 });
    world.produce(1);
    world.produce(1, 1);
    await world.clock.tick();
    await world.engine({ inMemory });
    const leaving = a.partition(0).draining ? 0 : 1;
    expect(a.partition(leaving).draining).toBe(true);
    // the group has settled without the leaving one, and the handler in it still runs
    world.answer = (truth) => ({
      ...truth,
      state: 'Stable',
      members: [
        {
          memberId: a.engine.inspect().groups[0]!.memberId,
          clientId: 'a',
          host: 'a',
          partitions: [{ topic: 't', partition: 1 - leaving }],
        },
      ],
    });
    await world.clock.advance(30_000);
    expect(world.asked).toBe(3);
    expect(disowned(a)).toEqual([]);
    a.calls.finish(0, leaving);
    await world.clock.tick();
    world.answer = (truth) => truth;
    await world.clock.advance(3 * EVERY_MS);
    expect([a.held, disowned(a)]).toEqual([[1 - leaving], []]);
  });

  it('where the client cannot ask', async () => {
    const world = new Asked();
    const a = await world.member({
      driver: (driver) => ({
        ...driver,
        createConsumer: (options) => {
          const consumer = driver.createConsumer(options);
          Object.assign(consumer, { describeGroup: undefined });
          return consumer;
        },
      }),
    });
    world.makeZombie();
    await world.clock.advance(5 * EVERY_MS);
    expect(disowned(a)).toEqual([]);
  });
});

describe('asks', () => {
  it('nobody unless it was told to', async () => {
    const world = new Asked();
    await world.engine({ driver: world.asking });
    await world.clock.advance(5 * EVERY_MS);
    expect(world.asked).toBe(0);
  });

  it('nobody any more once its member has left, and leaves no timer', async () => {
    const world = new Asked();
    const a = await world.member();
    await world.clock.advance(EVERY_MS);
    await world.drain(a);
    expect(world.clock.pending).toBe(0);
    await world.clock.advance(5 * EVERY_MS);
    expect(world.asked).toBe(1);
  });

  it('nobody any more where its member left before the answer came', async () => {
    const world = new Asked();
    const a = await world.member();
    const answered = deferred<GroupDescription>();
    world.answer = () => answered.promise;
    await world.clock.advance(EVERY_MS);
    await world.drain(a);
    answered.resolve({ groupId: 'g', state: 'Empty', protocol: '', members: [] });
    await world.clock.tick();
    expect([world.clock.pending, world.asked, disowned(a)]).toEqual([0, 1, []]);
  });
});
