import { describe, expect, it } from '@jest/globals';
import { testBrokers, createTopic, fill, testDriver, uniqueName } from './support/broker.js';
import { Member } from './support/member.js';
import { until } from './support/until.js';
import { Wires } from './support/wires.js';

describe('lost connections', () => {
  async function wired(retries: number) {
    const wires = new Wires();
    const retry = { retries, initialRetryTime: 20, maxRetryTime: 200 };
    const driver = testDriver({
      client: { brokers: testBrokers(), socketFactory: wires.factory, retry },
      consumer: { retry },
    });
    return { wires, driver, plain: testDriver() };
  }

  it.each([
    ['outlived by retries', 30],
    ['that end in failures', 1],
  ])(
    '%s: what is reported as sent is in the log once, where it was said to be',
    async (_name, retries) => {
      const { wires, driver, plain } = await wired(retries);
      const topic = await createTopic(plain, 2);
      const producer = driver.createProducer();
      await producer.connect();
      const places = new Map<string, string>();
      let failures = 0;
      const cutting = setInterval(() => wires.cut(), 120);
      const sends: Promise<void>[] = [];
      for (let n = 0; n < 600; n++) {
        const value = String(n);
        sends.push(
          producer.send([{ topic, partition: n % 2, value }]).then(
            ([place]) => void places.set(value, `${place?.partition}/${place?.offset}`),
            (error: unknown) => {
              failures++;
              expect(error).toMatchObject({ code: 'SEND_FAILED' });
            },
          ),
        );
        await new Promise((resolve) => setTimeout(resolve, 3));
      }
      clearInterval(cutting);
      await Promise.all(sends);
      await producer.send([
        { topic, partition: 0, value: 'end' },
        { topic, partition: 1, value: 'end' },
      ]);
      await producer.close();
      expect(places.size + failures).toBe(600);
      if (retries > 1) expect(failures).toBe(0);

      const reader = new Member(plain, 'reader', { groupId: uniqueName('group'), topics: [topic] });
      await reader.start();
      await until('the ends', () => reader.taken.filter(({ value }) => String(value) === 'end').length === 2);
      await reader.consumer.stop();
      const log = new Map(
        reader.taken.map(({ partition, offset, value }) => [`${partition}/${offset}`, String(value)]),
      );
      for (const [value, place] of places) expect([place, log.get(place)]).toEqual([place, value]);
      const seen = [...log.values()].filter((value) => value !== 'end');
      expect(new Set(seen).size).toBe(seen.length);
    },
    60_000,
  );

  it('that crash the client are reported, everything is lost, and the client starts again', async () => {
    const { wires, driver, plain } = await wired(0);
    const topic = await createTopic(plain, 1);
    await fill(plain, topic, [0], 5);
    const member = new Member(driver, 'a', { groupId: uniqueName('group'), topics: [topic] });
    await member.start();
    await until('records', () => member.taken.length === 5);
    await member.commitPositions();
    const cutting = setInterval(() => wires.cut(), 5);
    await until('the crash', () => member.states.some(({ state }) => state === 'crashed'));
    clearInterval(cutting);
    const crash = member.states.find(({ state }) => state === 'crashed')?.cause;
    expect(crash).toMatchObject({ code: 'CLIENT_CRASHED', willRestart: true });
    expect(member.losses[0]?.partitions).toEqual([{ topic, partition: 0 }]);
    // Whatever is called meanwhile does not throw.
    member.consumer.pause([{ topic, partition: 0 }]);
    member.consumer.resume([{ topic, partition: 0 }]);
    member.consumer.seek({ topic, partition: 0, offset: 1 });
    await fill(plain, topic, [0], 1, 5);
    await until('records after the restart', () => member.taken.length >= 6, 30_000);
    expect(member.offsets(0)).toEqual([0, 1, 2, 3, 4, 5]);
    await member.consumer.stop();
  }, 60_000);
});
