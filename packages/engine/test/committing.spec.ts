import { describe, expect, it } from '@jest/globals';
import { World } from './support/world.js';

const offsets = (world: World, partition = 0): number[] =>
  world.cluster.commits.flatMap((c) => c.offsets.filter((o) => o.partition === partition).map((o) => o.offset));

describe('commits by cadence', () => {
  it('come intervalMs after the first change, with everything that changed', async () => {
    const world = new World();
    const { calls } = await world.engine({ options: { concurrency: 'unordered', commit: { intervalMs: 700 } } });
    world.produce(5);
    await world.clock.tick();
    calls.finish(0);
    await world.clock.advance(400);
    calls.finish(1);
    calls.finish(3);
    await world.clock.advance(299);
    expect(world.cluster.commits).toHaveLength(0);
    await world.clock.advance(1);
    expect(world.cluster.commits).toHaveLength(1);
    expect(world.stored()).toEqual({ offset: 2, done: [{ from: 3, to: 4 }] });
    expect(world.violations).toEqual([]);
  });

  it('come at once after the number of records', async () => {
    const world = new World();
    const { calls } = await world.engine({ options: { concurrency: 'unordered', commit: { records: 3 } } });
    world.produce(10);
    await world.clock.tick();
    for (let i = 0; i < 2; i++) calls.finish(i);
    await world.clock.tick();
    expect(world.cluster.commits).toHaveLength(0);
    calls.finish(2);
    await world.clock.tick();
    expect(offsets(world)).toEqual([3]);
  });

  it('do not come where nothing was settled', async () => {
    const world = new World();
    const { calls } = await world.engine();
    world.produce(2);
    await world.clock.advance(60_000);
    expect(calls.open).toEqual(['0:0']);
    expect(world.cluster.commits).toHaveLength(0);
  });

  it('are one at a time: what is settled meanwhile goes with the next', async () => {
    const world = new World();
    const { calls } = await world.engine({ options: { concurrency: 'unordered', commit: 'each' } });
    world.produce(6);
    await world.clock.tick();
    world.cluster.faults.commit({ answerDelayMs: 5_000 });
    for (let i = 0; i < 5; i++) {
      calls.finish(i);
      await world.clock.tick();
    }
    expect(offsets(world)).toEqual([1]);
    await world.clock.advance(5_000);
    expect(offsets(world)).toEqual([1, 5]);
  });

  it('go on when the interval ends while another commit is under way', async () => {
    const world = new World();
    const { calls } = await world.engine({ options: { concurrency: 'unordered', commit: { intervalMs: 1_000 } } });
    world.produce(6);
    await world.clock.tick();
    world.cluster.faults.commit({ answerDelayMs: 5_000 });
    calls.finish(0);
    await world.clock.advance(1_000); // the slow commit is sent
    calls.finish(1);
    await world.clock.advance(4_100); // its time came and went
    expect(offsets(world)).toEqual([1]);
    await world.clock.advance(2_000);
    expect(offsets(world)).toEqual([1, 2]);
  });

  it('go on when the interval ends while a handler commits', async () => {
    const world = new World({ partitions: 2 });
    const { calls } = await world.engine({
      options: { concurrency: 'unordered', commit: { intervalMs: 1_000, records: 2 } },
    });
    world.produce(6);
    world.produce(6, 1);
    await world.clock.tick();
    world.cluster.faults.commit({ answerDelayMs: 5_000 });
    void calls.at(0).delivery.commit();
    await world.clock.tick();
    for (const offset of [0, 1, 2]) calls.finish(offset, 1);
    await world.clock.advance(5_100);
    await world.clock.advance(1_000);
    expect(world.stored(1)?.offset).toBe(3);
  });

  it("with 'each' come as soon as a record is settled", async () => {
    const world = new World();
    const { calls } = await world.engine({ options: { commit: 'each' } });
    world.produce(3);
    for (let i = 0; i < 3; i++) {
      await world.clock.tick();
      calls.finish(i);
    }
    await world.clock.tick();
    expect(offsets(world)).toEqual([1, 2, 3]);
  });
});

describe("commit: 'manual'", () => {
  it('commits nothing of itself, and by commit() what is settled then', async () => {
    const world = new World();
    const member = await world.engine({ options: { concurrency: 'unordered', commit: 'manual' } });
    const { calls } = member;
    world.produce(5);
    await world.clock.tick();
    calls.finish(0);
    calls.finish(2);
    await world.clock.advance(60_000);
    expect(world.cluster.commits).toHaveLength(0);
    world.skipped.add('t/0/3');
    const committed = calls.at(3).delivery.commit();
    await world.clock.tick();
    await committed;
    // the record that asks is done by its own word
    expect(world.stored()).toEqual({ offset: 1, done: [{ from: 2, to: 4 }] });
    calls.finish(1);
    calls.finish(3);
    calls.finish(4);
    await world.clock.advance(60_000);
    await world.drain(member);
    expect(world.stored()).toEqual({ offset: 1, done: [{ from: 2, to: 4 }] });
    expect(world.violations).toEqual([]);
  });

  it('commit() rejects where the broker does not acknowledge it, and is not tried again of itself', async () => {
    const world = new World();
    const { calls } = await world.engine({ options: { concurrency: 'unordered', commit: 'manual' } });
    world.produce(2);
    await world.clock.tick();
    calls.finish(0);
    await world.clock.tick();
    world.cluster.faults.commit();
    const committed = calls.at(1).delivery.commit();
    committed.catch(() => undefined);
    await world.clock.tick();
    await expect(committed).rejects.toMatchObject({ code: 'COMMIT_FAILED', canRetry: true });
    await world.clock.advance(60_000);
    expect(world.stored()).toBeUndefined();
  });
});

describe('a commit that is not acknowledged', () => {
  it('is tried again and not taken for success', async () => {
    const world = new World();
    const member = await world.engine({ options: { commit: 'each' } });
    world.produce(1);
    await world.clock.tick();
    world.cluster.faults.commit({ times: 2 });
    member.calls.finish(0);
    await world.clock.tick();
    expect(member.partition().committed).toBeUndefined();
    expect(member.of('commit.failed')).toMatchObject([{ willRetry: true, error: { code: 'COMMIT_FAILED' } }]);
    await world.clock.advance(499);
    expect(world.cluster.commits).toHaveLength(1);
    await world.clock.advance(1_000);
    expect(world.cluster.commits.map((commit) => commit.accepted)).toEqual([false, false, true]);
    expect(member.partition().committed).toBe(1);
    expect(member.of('commit.succeeded')).toHaveLength(1);
  });

  it('and whose answer only was lost is sent again, to the same effect', async () => {
    const world = new World();
    const member = await world.engine({ options: { commit: 'each' } });
    world.produce(1);
    await world.clock.tick();
    world.cluster.faults.commit({ answerLost: true });
    member.calls.finish(0);
    await world.clock.advance(1_000);
    expect(world.cluster.commits.map((commit) => commit.offsets[0]?.offset)).toEqual([1, 1]);
  });

  it('is tried again too when a handler had asked for it', async () => {
    const world = new World();
    const { calls } = await world.engine({ options: { concurrency: 'unordered', commit: { intervalMs: 60_000 } } });
    world.produce(2);
    await world.clock.tick();
    calls.finish(0);
    await world.clock.tick();
    world.cluster.faults.commit();
    calls
      .at(1)
      .delivery.commit()
      .catch(() => undefined);
    await world.clock.advance(2_000);
    expect(world.stored()).toEqual({ offset: 2, done: [] });
  });

  it('says so to a handler whose partition has gone', async () => {
    const world = new World();
    const { calls } = await world.engine({ options: { commit: 'manual' } });
    world.produce(1);
    await world.clock.tick();
    const call = calls.at(0);
    world.cluster.expireSession(world.cluster.group('g').members[0]?.memberId ?? '');
    await world.clock.tick();
    await expect(call.delivery.commit()).rejects.toMatchObject({ code: 'COMMIT_STALE' });
  });

  it('because the group does not know the member any more is not tried again', async () => {
    const world = new World();
    const member = await world.engine({ options: { commit: 'each' } });
    world.produce(2);
    await world.clock.tick();
    const memberId = world.cluster.group('g').members[0]?.memberId ?? '';
    world.cluster.faults.fence(memberId);
    member.calls.finish(0);
    await world.clock.advance(10_000);
    expect(member.of('group.lost')).toHaveLength(1);
    expect(member.calls.started).toEqual(['0:0', '0:1', '0:0']); // 0:0 again, from the new membership
    expect(world.cluster.commits.filter((commit) => commit.memberId === memberId && commit.accepted)).toEqual([]);
    expect(member.calls.all[1]?.signal.aborted).toBe(true);
  });
});
