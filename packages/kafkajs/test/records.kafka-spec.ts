import { describe, expect, it } from '@jest/globals';
import { createTopic, fill, testDriver, uniqueName } from './support/broker.js';
import { Member } from './support/member.js';
import { until } from './support/until.js';

describe('records', () => {
  it('are handed over in order and complete, committed with metadata, and not read again', async () => {
    const driver = testDriver();
    const topic = await createTopic(driver, 2);
    await fill(driver, topic, [0, 1], 500);
    const groupId = uniqueName('group');
    const first = new Member(driver, 'first', { groupId, topics: [topic] });
    await first.start();
    await until('all records', () => first.taken.length === 1000);
    const expected = Array.from({ length: 500 }, (_, n) => n);
    expect(first.offsets(0)).toEqual(expected);
    expect(first.offsets(1)).toEqual(expected);
    expect(first.taken.find(({ partition, offset }) => partition === 1 && offset === 7)).toEqual({
      topic,
      partition: 1,
      offset: 7,
      timestamp: expect.any(Number),
      key: null,
      value: Buffer.from('1:7'),
      headers: {},
    });
    await first.commitPositions('done-set é€');
    const held = [0, 1].map((partition) => ({ topic, partition }));
    expect(await first.consumer.committed(held)).toEqual(
      held.map((partition) => ({ ...partition, offset: 500, metadata: 'done-set é€' })),
    );
    expect(await first.consumer.logRanges(held)).toEqual(
      held.map((partition) => ({ ...partition, low: 0, high: 500 })),
    );
    await first.consumer.stop();

    await fill(driver, topic, [0], 1, 500);
    const second = new Member(driver, 'second', { groupId, topics: [topic] });
    await second.start();
    await until('the new record', () => second.taken.length > 0);
    expect(second.taken.map(({ partition, offset }) => [partition, offset])).toEqual([[0, 500]]);
    await second.consumer.stop();
    expect(second.states.map(({ state }) => state)).toEqual(['connecting', 'joined', 'stopped']);
  }, 40_000);
});
